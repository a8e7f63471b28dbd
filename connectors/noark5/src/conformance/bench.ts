import { createDispatcher } from '@samband/connector-kit'
import type { ManualTime } from '@samband/connector-kit/testing'
import { countingIds, manualTime } from '@samband/connector-kit/testing'
import type { Attempt, BoundDestination, Effect, EffectKey, Json } from '@samband/kernel'
import { causeId, HubError, NothingHappened, sha256Hex } from '@samband/kernel'
import type { Listening } from '@samband/simulator-kit'
import { listenAlone } from '@samband/simulator-kit'
import type { Noark5Simulator, Noark5SimulatorOptions } from '../../simulator/index.ts'
import { createNoark5Simulator } from '../../simulator/index.ts'
import type { Arkiv } from '../arkiv.ts'
import { saksmappeKey } from '../arkiv.ts'
import type { Noark5Access } from '../core.ts'
import type { Arkivdokument } from '../effects/dokument.ts'
import { arkivdokumenter } from '../effects/dokument.ts'
import type { Noark5Effects } from '../effects.ts'
import { createNoark5Effects } from '../effects.ts'
import type { SaksmappeEvidence } from '../evidence.ts'
import type { Innhold } from '../innhold.ts'
import { NIKITA_PROFILE, STANDARD_PROFILE } from '../profile.ts'

export const TENANT = '314758625'
export const FORSENDELSE = 'b0b4f7e2-6a51-4a80-9a6b-0b1c2d3e4f50'
export const PDF = '%PDF-1.7 SAMBAND-MARK:brev-17 slutt'

/** The payload store in memory, as far as the connector uses it. */
export class MemoryPayloads {
  readonly items = new Map<string, Uint8Array>()
  /** Bytes per piece of a stream. */
  pieceBytes = 7

  put(ref: string, content: string | Uint8Array): void {
    this.items.set(ref, typeof content === 'string' ? Buffer.from(content) : content)
  }

  #at(ref: string): Uint8Array {
    const found = this.items.get(ref)
    if (!found) throw new HubError('PAYLOAD_FINNES_IKKE', 'permanent', `No payload ${ref}.`)
    return found
  }

  async read(_tenant: string, ref: string): Promise<Uint8Array> {
    return this.#at(ref)
  }

  async open(_tenant: string, ref: string): Promise<AsyncIterable<Uint8Array>> {
    const { pieceBytes } = this
    const content = this.#at(ref)
    return (async function* pieces() {
      for (let at = 0; at < content.byteLength; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
    })()
  }

  async facts(_tenant: string, ref: string) {
    const content = this.#at(ref)
    return { ref, sizeBytes: content.byteLength, sha256: sha256Hex(content) }
  }
}

export interface Bench {
  readonly sim: Noark5Simulator
  readonly time: ManualTime
  readonly listening: Listening
  readonly payloads: MemoryPayloads
  readonly to: BoundDestination
  effects: Noark5Effects
  readonly dokumenter: readonly Arkivdokument[]
  /** Requests that reached the simulator, as `METHOD path`. */
  readonly requests: string[]
  access: Noark5Access
  /** A process that starts anew: nothing remembered. */
  restart(): Noark5Effects
  close(): Promise<void>
}

export function anArkiv(changes: Partial<Arkiv> = {}): Arkiv {
  return {
    klasse: 'L42',
    saksmappe: { noekkel: 'sak-17', tittel: 'Byggesøknad' },
    journalpost: { tittel: 'Vedtak', dokumentetsDato: '2026-03-01T00:00:00+01:00' },
    ...changes,
  }
}

export function anInnhold(changes: Partial<Innhold> = {}): Innhold {
  return {
    arkiv: anArkiv(),
    mottaker: {
      type: 'person',
      navn: 'Synt Etisk',
      fodselsnummer: '15859099928',
      adresse: { adresselinje1: 'Prøveveien 1', postnr: '0155', poststed: 'Oslo', landkode: 'NO' },
    },
    dokumenter: [{ ref: 'dok-1', tittel: 'Vedtak', filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }],
    ...changes,
  }
}

/** A simulator on a real socket, a payload store with one letter, and the effects. */
export async function aBench(
  options: Partial<Noark5SimulatorOptions> = {},
  innhold: Innhold = anInnhold(),
  contents: Readonly<Record<string, string | Uint8Array>> = { 'dok-1': PDF },
  before: (sim: Noark5Simulator) => void = () => undefined,
): Promise<Bench> {
  const time = manualTime()
  const ids = countingIds()
  const requests: string[] = []
  const sim = createNoark5Simulator({
    time: { nowMs: () => time.clock.now(), after: (ms, run) => time.timers.after(ms, run) },
    random: ids,
    ...options,
  })
  sim.app.addHook('onRequest', async (request) => {
    requests.push(`${request.method} ${request.url}`)
  })
  before(sim)
  const listening = await listenAlone(sim.app)
  const dispatcher = createDispatcher()
  const payloads = new MemoryPayloads()
  payloads.put('innhold-1', JSON.stringify(innhold))
  for (const [ref, content] of Object.entries(contents)) payloads.put(ref, content)
  const nikita = options.profile === 'nikita'
  const to: BoundDestination = {
    system: 'noark5',
    tenant: TENANT,
    baseUrl: `${listening.url}/api/`,
    account: 'Sakarkiv',
    user: 'arkivar',
    timing: { startWithinMs: 5000, inFlightMs: 60_000, lookUpLagMs: 5000 },
  }
  const bench = {
    access: (nikita ? nikitaAccess(listening.url) : standardAccess()) as Noark5Access,
  }
  const make = () => createNoark5Effects({ http: { dispatcher, time }, payloads, time, access: () => bench.access })
  const facts = await Promise.all(innhold.dokumenter.map(({ ref }) => payloads.facts(TENANT, ref)))
  return Object.assign(bench, {
    sim,
    time,
    listening,
    payloads,
    to,
    requests,
    dokumenter: arkivdokumenter(facts),
    effects: make(),
    restart: make,
    close: async () => {
      await sim.app.close()
      await dispatcher.destroy()
    },
  })
}

export function standardAccess(): Noark5Access {
  return { login: { type: 'basic', user: 'arkivar', password: 'arkivar-passord' }, profile: STANDARD_PROFILE }
}

export function nikitaAccess(url: string): Noark5Access {
  return {
    login: {
      type: 'oauth2',
      clientId: 'nikita-client',
      clientSecret: 'secret',
      tokenUrl: `${url}/api/oauth/token`,
      resourceOwner: { user: 'arkivar', password: 'arkivar-passord' },
    },
    profile: NIKITA_PROFILE,
  }
}

/** How an effect ran: what each attempt and each question ended with. */
export interface Run<Evidence> {
  readonly evidence: Evidence
  readonly steps: readonly string[]
}

/** A much simplified runtime: asks after an unknown outcome, waits where that is asked for, tries again after "nothing happened" or "not there", gives up after ten steps. */
export async function run<Input extends Json, Prepared, Evidence extends Json>(
  bench: Bench,
  effect: Effect<Input, Prepared, Evidence>,
  input: Input,
  signal: AbortSignal = new AbortController().signal,
): Promise<Run<Evidence>> {
  const key = keyOf(effect, input)
  const { startWithinMs, inFlightMs, lookUpLagMs } = bench.to.timing
  const steps: string[] = []
  for (let number = 1; steps.length < 10; ) {
    try {
      const prepared = await effect.prepare(key, input, bench.to, signal)
      const attempt: Attempt = { key, number, destination: bench.to, signal, start: () => undefined }
      number += 1
      return { evidence: fitting(effect, await effect.act(prepared, attempt)), steps }
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      steps.push(error.code)
      if (error.disposition === 'permanent') throw Object.assign(error, { steps })
      if (error instanceof NothingHappened || error.disposition !== 'unknown-outcome' || !effect.probe) continue
      // The question stays open until it is answered.
      for (let answered = false, waited = false; !answered && steps.length < 10; ) {
        const answer = await effect.probe(key, input, bench.to, new AbortController().signal)
        steps.push(answer.kind)
        if (answer.kind === 'there') return { evidence: fitting(effect, answer.evidence), steps }
        if (answer.kind === 'cannot-tell') steps.push(answer.why.code)
        answered = answer.kind === 'not-there' && (waited || answer.believeLate !== true)
        if (answer.kind !== 'not-there' || answered) continue
        waited = true
        steps.push('waited')
        bench.time.advance(startWithinMs + inFlightMs + lookUpLagMs)
      }
    }
  }
  throw new Error(`no end after ${steps.join(', ')}`)
}

/** What the effect gives must be what it would take from a person. */
function fitting<Evidence extends Json>(
  { name, evidenceFault }: Pick<Effect<Json, never, Evidence>, 'name' | 'evidenceFault'>,
  evidence: Evidence,
): Evidence {
  const fault = evidenceFault?.(evidence)
  if (fault !== undefined) throw new Error(`${name}: its own evidence does not fit at ${fault}`)
  return evidence
}

export function keyOf<Input extends Json>(
  effect: Pick<Effect<Input, never, Json>, 'name' | 'subject' | 'discriminator'>,
  input: Input,
): EffectKey {
  return causeId(TENANT, 'test', effect.name, effect.subject(input), effect.discriminator(input)) as EffectKey
}

const innhold = { ref: 'innhold-1' }

/** Files a whole letter, and sets it sent. */
export async function fileLetter(
  bench: Bench,
  arkiv: Arkiv = anArkiv(),
  known: { readonly forsendelseId?: string; readonly saksmappe?: SaksmappeEvidence } = {},
) {
  const { effects, dokumenter } = bench
  const forsendelseId = known.forsendelseId ?? FORSENDELSE
  const trace: string[] = []
  const one = async <I extends Json, P, E extends Json>(effect: Effect<I, P, E>, input: I): Promise<E> => {
    const { evidence, steps: taken } = await run(bench, effect, input)
    trace.push(...taken)
    return evidence
  }
  const saksmappe =
    known.saksmappe ?? (await one(effects.opprettSaksmappe, { saksmappeKey: saksmappeKey(TENANT, arkiv), innhold }))
  const journalpost = await one(effects.opprettJournalpost, { forsendelseId, innhold, saksmappe })
  const part = await one(effects.opprettKorrespondansepart, { forsendelseId, innhold, journalpost, part: 'mottaker' })
  const avsender = await one(effects.opprettKorrespondansepart, {
    forsendelseId,
    innhold,
    journalpost,
    part: 'avsender',
  })
  const filer = []
  for (const dokument of dokumenter) {
    const dokumentbeskrivelse = await one(effects.opprettDokumentbeskrivelse, {
      forsendelseId,
      innhold,
      journalpost,
      dokument,
    })
    const dokumentobjekt = await one(effects.opprettDokumentobjekt, {
      forsendelseId,
      innhold,
      dokumentbeskrivelse,
      dokument,
    })
    filer.push(await one(effects.lastOppFil, { forsendelseId, innhold, dokumentobjekt, dokument }))
  }
  const sendtDato = '2026-03-02T09:00:00.000Z'
  const ekspedert = await one(effects.settEkspedert, { forsendelseId, journalpost, sendtDato })
  return { saksmappe, journalpost, part, avsender, filer, ekspedert, trace }
}
