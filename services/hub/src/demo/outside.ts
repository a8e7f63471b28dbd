import { createPublicKey } from 'node:crypto'
import { createMaskinportenSimulator } from '@samband/maskinporten/simulator'
import { createNoark5Simulator, type Noark5Simulator } from '@samband/noark5/simulator'
import { type Listening, listenAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { createSvarUtSimulator, type SvarUtSimulator } from '@samband/svarut/simulator'
import type { FastifyInstance } from 'fastify'
import { type DemoKommune, KNOWN_KLASSE, MISSING_KLASSE } from './letters.ts'
import { settingOf } from './tenant-files.ts'

/** What a simulated core is told about its municipality. */
export interface CoreOptions {
  readonly kommune: DemoKommune
  /** The municipality's example file; klientId, user and arkivdel are read from it. */
  readonly file: string
  /** Its password or client secret. */
  readonly secret: string
}

/** What stands outside the hub: one SvarUt and one Maskinporten for all, and a core for each municipality. */
export interface Outside {
  readonly svarut: SvarUtSimulator
  readonly svarutUrl: string
  readonly maskinportenUrl: string
  readonly cores: ReadonlyMap<DemoKommune, { readonly core: Noark5Simulator; readonly socket: Listening }>
}

/** The organisation whose Maskinporten client the municipalities have authorised; synthetic. */
const SUPPLIER = '314758625'
/** A letter is approved at once and read soon after: nobody watches a demo for an hour. */
const JOURNEY = [
  { status: 'MOTTATT', afterMs: 0 },
  { status: 'AKSEPTERT', afterMs: 700 },
  { status: 'LEST', afterMs: 2_500 },
]

/** Starts the simulators on free ports; what is to be closed again is given to `closing`. */
export async function startOutside(
  options: {
    readonly privateKeyPem: string
    readonly integrasjoner: readonly { readonly file: string; readonly passord: string }[]
    readonly cores: readonly CoreOptions[]
  },
  closing: (app: FastifyInstance) => void,
): Promise<Outside> {
  const shared = { time: systemTime(), random: systemRandom() }
  const listen = async (app: FastifyInstance) => {
    closing(app)
    return listenAlone(app)
  }
  const { privateKeyPem } = options
  const publicKeyPem = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString()
  const [first] = options.integrasjoner
  const clientId = settingOf(after(first?.file ?? '', 'maskinporten:'), 'clientId')
  const kid = settingOf(first?.file ?? '', 'kid')
  const maskinporten = createMaskinportenSimulator({
    ...shared,
    clients: [{ clientId, orgnr: SUPPLIER, publicKeyPem, kid, scopes: ['ks:fiks'] }],
    // The simulator's own key would cost as much again, and nobody tells the two apart here.
    keyPair: { privateKeyPem, publicKeyPem, kid: 'maskinporten' },
  })
  const svarut = createSvarUtSimulator({
    ...shared,
    acceptToken: maskinporten.acceptToken,
    integrasjoner: options.integrasjoner.map(({ file, passord }) => ({
      integrasjonId: settingOf(file, 'integrasjonId'),
      integrasjonPassord: passord,
      autorisertOrgnr: SUPPLIER,
      kontoer: [settingOf(file, 'kontoId')],
    })),
    journey: JOURNEY,
  })
  const { url: maskinportenUrl } = await listen(maskinporten.app)
  const { url: svarutUrl } = await listen(svarut.app)
  const cores = new Map<DemoKommune, { core: Noark5Simulator; socket: Listening }>()
  for (const one of options.cores) {
    const core = coreOf(one, shared)
    cores.set(one.kommune, { core, socket: await listen(core.app) })
  }
  return { svarut, svarutUrl, maskinportenUrl, cores }
}

function coreOf(
  { kommune, file, secret }: CoreOptions,
  shared: Pick<Parameters<typeof createNoark5Simulator>[0], 'time' | 'random'>,
): Noark5Simulator {
  const klasser = kommune === 'aukra' ? [KNOWN_KLASSE] : [KNOWN_KLASSE, MISSING_KLASSE]
  return createNoark5Simulator({
    ...shared,
    users: [{ navn: 'samband', passord: secret }],
    clients: [{ id: 'samband', secret }],
    arkivdel: { tittel: settingOf(file, 'arkivdel'), klasser },
  })
}

/** The text behind the first place where `mark` stands. */
function after(text: string, mark: string): string {
  return text.slice(Math.max(0, text.indexOf(mark)))
}
