import { FaultDesk, installFaultDesk } from '@samband/simulator-kit'
import Fastify, { type FastifyInstance } from 'fastify'
import { Archive, type Instance } from './archive.ts'
import { BodyCheck } from './check.ts'
import type { Core } from './core.ts'
import { code } from './core.ts'
import { dialectOf } from './dialect.ts'
import { localDateTime, localDay } from './local-time.ts'
import { Login } from './login.ts'
import type { ArkivdelFixture, KlasseFixture, Noark5SimulatorOptions } from './options.ts'
import { type Received, receivedBy } from './received.ts'
import { errorAnswer, Refusal } from './refusal.ts'
import { Routes } from './routes.ts'
import { memorySpool } from './spool.ts'
import { type BrokenUpload, Uploads } from './upload.ts'

/** A Noark 5 core that runs in memory. */
export interface Noark5Simulator {
  /** Not listening. Closing it frees hanging requests. */
  readonly app: FastifyInstance
  /**
   * Orders for faults. Operations: `token`, `root` (also discovery and package listings), `list`, `search`, `get` (also templates),
   * `metadata`, `ny-saksmappe`, `ny-journalpost`, `ny-korrespondansepart`, `ny-dokumentbeskrivelse`, `ny-dokumentobjekt`,
   * `ny-avskrivning`, `upload`, `download`, `update`, `delete`. A mark is looked for in the request, and in tittel,
   * eksternReferanse, filnavn, systemID and mappeID of what it is done to, of everything above that and of what hangs directly on it.
   * `answer-twice` is a proxy that repeats the request: without a systemID of the client's a create then makes two objects.
   */
  readonly faults: FaultDesk
  /** Everything that truly reached the core. */
  received(): Received
  /** Adds a klasse while running; returns its systemID. */
  addKlasse(klasse: KlasseFixture): string
  /** Takes a klasse away while running; the saksmapper under it stay. False when there is none. */
  removeKlasse(klasseID: string): boolean
  /** Lays a saksmappe as a case worker would, not counted as received. Returns its systemID and mappeID. */
  addSaksmappe(fixture: SaksmappeFixture): { readonly systemID: string; readonly mappeID: string }
  /** Sets arkivdelstatus: A active, O overlapping, P closed. */
  setArkivdelstatus(kode: string): void
  /** The connection of the next fitting upload is lost in the middle of the body; on Nikita that blocks the dokumentobjekt. */
  breakNextUpload(order: BrokenUpload): void
  /** Every access token given out so far is refused from now on. */
  expireTokens(): void
}

/** A saksmappe laid beforehand. */
export interface SaksmappeFixture {
  readonly tittel: string
  /** Needed when the arkivdel is classified. */
  readonly klasseID?: string
  /** Kode of saksstatus. Default B. */
  readonly saksstatus?: string
  /** Who made it; Nikita's searches show it to nobody else. Default `saksbehandler`. */
  readonly owner?: string
}

const DEFAULT_USERS = [{ navn: 'arkivar', passord: 'arkivar-passord' }]

const ROOT_ARKIVDEL: ArkivdelFixture = {
  tittel: 'Sakarkiv',
  klasser: [
    { klasseID: '000', tittel: 'Ymse' },
    { klasseID: 'L42', tittel: 'Byggesaker' },
  ],
}

/** What administration lays before anybody files anything. */
class Foundation {
  readonly #core: Core
  readonly #laidBy: string
  readonly arkivdel: Instance
  readonly #above: Instance

  constructor(core: Core, fixture: ArkivdelFixture, laidBy: string) {
    this.#core = core
    this.#laidBy = laidBy
    const skaper = this.#lay('arkivskaper', undefined, { arkivskaperID: '314758625', arkivskaperNavn: 'Prøvekommunen' })
    const status = code(core, 'arkivstatus', 'O')
    const arkiv = this.#lay('arkiv', skaper, { tittel: 'Prøvekommunens arkiv', arkivstatus: status })
    this.arkivdel = this.#lay('arkivdel', arkiv, {
      tittel: fixture.tittel,
      arkivdelstatus: code(core, 'arkivdelstatus', fixture.arkivdelstatus ?? 'A'),
      dokumentmedium: code(core, 'dokumentmedium', 'E'),
    })
    const type = code(core, 'klassifikasjonstype', 'KK')
    const { klasser } = fixture
    this.#above =
      klasser === undefined
        ? this.arkivdel
        : this.#lay('klassifikasjonssystem', this.arkivdel, { tittel: 'K-koder', klassifikasjonstype: type })
    for (const klasse of klasser ?? []) this.addKlasse(klasse)
  }

  addKlasse({ klasseID, tittel }: KlasseFixture): Instance {
    if (this.#above === this.arkivdel)
      throw new Error('The arkivdel was laid without klasser: it has no klassifikasjonssystem.')
    if (this.klasse(klasseID) !== undefined) throw new Error(`There is a klasse ${klasseID} already.`)
    return this.#lay('klasse', this.#above, { klasseID, tittel })
  }

  klasse(klasseID: string): Instance | undefined {
    return this.#above.children.find((one) => one.kind === 'klasse' && one.values['klasseID'] === klasseID)
  }

  saksmappe({ tittel, klasseID, saksstatus = 'B', owner = 'saksbehandler' }: SaksmappeFixture): Instance {
    const parent = klasseID === undefined ? this.arkivdel : this.klasse(klasseID)
    if (parent === undefined) throw new Error(`There is no klasse ${klasseID}.`)
    const nowMs = this.#core.nowMs()
    const closed = saksstatus === 'A' ? { avsluttetDato: localDateTime(nowMs), avsluttetAv: owner } : {}
    return this.#lay(
      'saksmappe',
      parent,
      {
        ...this.#core.archive.numberSaksmappe({}, nowMs),
        tittel,
        saksdato: localDay(nowMs),
        saksansvarlig: owner,
        saksstatus: code(this.#core, 'saksstatus', saksstatus),
        ...closed,
      },
      owner,
    )
  }

  #lay(
    kind: Instance['kind'],
    parent: Instance | undefined,
    fields: Record<string, unknown>,
    owner = this.#laidBy,
  ): Instance {
    const nowMs = this.#core.nowMs()
    const systemID = this.#core.uuid()
    const values = { systemID, ...fields, opprettetDato: localDateTime(nowMs), opprettetAv: owner }
    return this.#core.archive.add({ kind, systemID, parent, values, owner, nowMs, preLaid: true })
  }
}

function coreOf(options: Noark5SimulatorOptions): Core {
  const profile = options.profile ?? 'standard'
  const plain = dialectOf(profile)
  const dialect = { ...plain, codeLists: { ...plain.codeLists, ...options.codeLists } }
  return {
    dialect,
    archive: new Archive(),
    check: new BodyCheck(dialect, options.registeredMetadata ?? {}),
    spool: options.spool ?? memorySpool(),
    nowMs: () => options.time.nowMs(),
    uuid: () => options.random.uuid(),
    rootPath: options.rootPath ?? '/api/',
    bulkgrense: profile === 'nikita' ? 0 : (options.bulkgrense ?? 157_286_400),
    pageSize: profile === 'nikita' ? 10 : (options.pageSize ?? 50),
    keepsClientSystemId: profile === 'nikita' || (options.keepsClientSystemId ?? true),
    missingPrecondition: options.missingPrecondition ?? 'accept',
    deletableJournalstatus: options.deletableJournalstatus ?? ['R', 'M'],
  }
}

function loginOf(core: Core, options: Noark5SimulatorOptions): Login {
  const nikita = core.dialect.name === 'nikita'
  const client = nikita ? { id: 'nikita-client', secret: 'secret' } : { id: 'samband', secret: 'samband-secret' }
  return new Login({
    nikita,
    users: options.users ?? DEFAULT_USERS,
    clients: options.clients ?? [client],
    tokenLifetimeS: options.tokenLifetimeS ?? 3600,
    nowMs: core.nowMs,
    uuid: core.uuid,
  })
}

/**
 * Makes a stand-in for a Noark 5 core with the interface of TG 1.1, or one that behaves as Nikita 0.6. Its addresses say nothing:
 * whoever builds them by a pattern gets 404. No source of time or randomness but the options'.
 */
export function createNoark5Simulator(options: Noark5SimulatorOptions): Noark5Simulator {
  const core = coreOf(options)
  const login = loginOf(core, options)
  const uploads = new Uploads(core)
  const users = options.users ?? DEFAULT_USERS
  const laidBy = options.laidBy ?? users[0]?.navn ?? 'administrator'
  const foundation = new Foundation(core, options.arkivdel ?? ROOT_ARKIVDEL, laidBy)
  const basic = core.dialect.name === 'standard'
  const faults = new FaultDesk({
    time: options.time,
    errorAnswer: (status, fault, request) => {
      const lookup = fault === 'error-under-200'
      const refusal = new Refusal(status, `Ordered at the fault desk: ${fault}.`, lookup ? 'query' : 'usual')
      return errorAnswer(core.dialect, refusal, request.url, core.nowMs(), basic)
    },
  })
  const app = Fastify({ logger: false, exposeHeadRoutes: false, forceCloseConnections: true })
  const received = (): Received => receivedBy(core.archive)
  installFaultDesk(app, faults, () => [received()])
  const metadata = options.registeredMetadata ?? {}
  const routes = new Routes({ core, login, uploads, faults, metadata })
  app.register((scope, _options, done) => {
    routes.install(scope)
    done()
  })
  return {
    app,
    faults,
    received,
    addKlasse: (klasse) => foundation.addKlasse(klasse).systemID,
    removeKlasse: (klasseID) => {
      const klasse = foundation.klasse(klasseID)
      if (klasse !== undefined) core.archive.remove(klasse, false)
      return klasse !== undefined
    },
    addSaksmappe: (fixture) => {
      const { systemID, values } = foundation.saksmappe(fixture)
      return { systemID, mappeID: String(values['mappeID']) }
    },
    setArkivdelstatus: (kode) => {
      foundation.arkivdel.values['arkivdelstatus'] = code(core, 'arkivdelstatus', kode)
      foundation.arkivdel.version += 1
    },
    breakNextUpload: (order) => uploads.breakNext(order),
    expireTokens: () => login.forgetTokens(),
  }
}
