import type { HttpResponse } from '@samband/connector-kit'
import { evidenceFault, jsonOf } from '@samband/connector-kit'
import type { Attempt, Effect, ProbeAnswer } from '@samband/kernel'
import type { Context } from '../context.ts'
import type { Core } from '../core.ts'
import { NOARK_JSON } from '../core.ts'
import { parentOf, within } from '../create.ts'
import { failed, nothing } from '../errors.ts'
import { EkspedertEvidence } from '../evidence.ts'
import type { Parent } from '../look-up.ts'
import { readParent } from '../look-up.ts'
import type { Seen } from '../reading.ts'
import { seen } from '../reading.ts'
import { refusalOf } from '../refusals.ts'
import type { Wire } from '../wire.ts'
import { Kode, WireObject } from '../wire.ts'

/** A letter that has left. */
export type SettEkspedertInput = {
  readonly forsendelseId: string
  /** The evidence of `opprettJournalpost`. */
  readonly journalpost: Parent
  /** When the letter was sent: date and time with zone. */
  readonly sendtDato: string
}

interface PreparedUpdate {
  readonly core: Core
  readonly before: Seen
  readonly sendtDato: string
  /** `undefined`: the journalpost has got so far already, nothing is sent. */
  readonly ekspedert: Kode | undefined
  readonly authorization: string
}

/** Statuses after which E would be a step back (list journalstatus): Journalført, Arkivert. */
const FURTHER = ['J', 'A']
const UTGAR = 'U'

/**
 * Sets journalstatus E and sendtDato, and touches nothing else: a merge patch, or the whole object as it was just read. Safe to repeat; a journalpost
 * that is E, J or A already is left as it is.
 *
 * @throws NothingHappened NOARK5_SAMTIDIG_ENDRING (transient) when someone else wrote in between; NOARK5_JOURNALPOST_UTGAR, NOARK5_ENDRING_IKKE_TATT,
 *   NOARK5_FORELDER_MANGLER (permanent); see `refusalOf`
 * @see TG 1.1, 6.1: update and concurrency
 */
export function settEkspedert(context: Context): Effect<SettEkspedertInput, PreparedUpdate, EkspedertEvidence> {
  return {
    name: 'noark5.settEkspedert',
    guarantee: 'receiver-dedupes',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: () => 'ekspedert',
    // Archived since, or changed by a person: it is still the one change.
    identity: () => 'ekspedert',
    evidenceFault: evidenceFault(EkspedertEvidence),
    fixed: ({ forsendelseId, journalpost, sendtDato }) => ({
      forsendelseId,
      journalpost: journalpost.systemId,
      sendtDato,
    }),
    async prepare(_key, { journalpost, sendtDato }, to, signal) {
      const core = context.core(to)
      // Read right before the change: only the ETag of a GET can be relied on.
      const before = await parentOf(core, 'journalpost', journalpost, signal)
      const status = statusOf(before.wire)
      if (status === UTGAR) {
        const message = `The journalpost ${journalpost.systemId} is marked Utgår in the archive.`
        throw nothing('NOARK5_JOURNALPOST_UTGAR', 'permanent', message)
      }
      const wanted = core.profile.koder.journalstatusEkspedert
      const done = status !== undefined && (status === wanted || FURTHER.includes(status))
      const ekspedert = done ? undefined : await core.codes.pair('journalstatus', wanted, signal)
      const authorization = await core.authorization(signal)
      return { core, before, sendtDato, ekspedert, authorization }
    },
    async act(prepared, attempt) {
      if (!prepared.ekspedert) return evidenceOf(prepared.before.wire, prepared.sendtDato)
      const answer = await update(prepared, prepared.ekspedert, attempt)
      const after = await within('The changed journalpost', () => readAfter(prepared, answer, attempt.signal))
      if (statusOf(after) === prepared.ekspedert.kode) return evidenceOf(after, prepared.sendtDato)
      const message = 'The core took the change and shows the journalpost with another journalstatus.'
      throw nothing('NOARK5_ENDRING_IKKE_TATT', 'permanent', message)
    },
    async probe(_key, { journalpost, sendtDato }, to, signal): Promise<ProbeAnswer<EkspedertEvidence>> {
      const core = context.core(to)
      const found = await readParent(core, 'journalpost', journalpost, signal)
      const status = found === undefined ? undefined : statusOf(found.wire)
      // A journalpost that is not shown, or without its status, tells nothing of what was done to it.
      if (found === undefined || status === undefined) return { kind: 'cannot-tell', why: notShown() }
      const done = status === core.profile.koder.journalstatusEkspedert || FURTHER.includes(status)
      return done ? { kind: 'there', evidence: evidenceOf(found.wire, sendtDato) } : { kind: 'not-there' }
    },
  }
}

function notShown() {
  const message = 'The core does not show the journalpost, or not its journalstatus. A person must look in the archive.'
  return failed('NOARK5_KAN_IKKE_SLA_OPP', 'unknown-outcome', message)
}

async function update(prepared: PreparedUpdate, journalstatus: Kode, attempt: Attempt): Promise<HttpResponse> {
  const { core, before, sendtDato } = prepared
  const way = core.updateBy ?? core.profile.update
  const changes = { journalstatus, sendtDato }
  const etag = before.etag
  const precondition =
    etag === undefined ? [] : core.profile.etagHeaders.map((name) => [name.toLowerCase(), etag] as const)
  const answer = await core.send(attempt, {
    method: way === 'patch' ? 'PATCH' : 'PUT',
    url: before.self,
    headers: {
      accept: NOARK_JSON,
      authorization: prepared.authorization,
      'content-type': way === 'patch' ? 'application/merge-patch+json' : NOARK_JSON,
      ...Object.fromEntries(precondition),
    },
    body: JSON.stringify(way === 'patch' ? changes : { ...whole(before.wire), ...changes }),
  })
  if (answer.status >= 200 && answer.status < 300) return answer
  if (answer.status === 405 || answer.status === 501) {
    core.updateBy = way === 'patch' ? 'put' : 'patch'
    const message = `The core does not take ${way.toUpperCase()}; the next attempt uses the other way.`
    throw nothing('NOARK5_IKKE_STOTTET', 'transient', message)
  }
  if (answer.status === 409) {
    throw nothing('NOARK5_SAMTIDIG_ENDRING', 'transient', 'The core answered 409: another change came in between.')
  }
  throw refusalOf(core, answer, { kind: 'journalpost', body: changes }).error
}

/** The object as it was read, without links, empty members and lists of other objects, which have links of their own (TG 1.1 §6.1). */
function whole(wire: Wire): Wire {
  const kept = Object.entries(wire).filter(([name, value]) => {
    const children = Array.isArray(value) && value.some((one) => typeof one === 'object')
    return name !== '_links' && value !== null && value !== undefined && !children
  })
  return Object.fromEntries(kept)
}

/** What came back, or the object itself where the answer does not hold it. */
async function readAfter({ core, before }: PreparedUpdate, answer: HttpResponse, signal: AbortSignal): Promise<Wire> {
  const object = WireObject.safeParse(jsonOf(answer))
  if (object.success && statusOf(object.data) !== undefined) return seen(object.data, before.self, {}).wire
  const now = await core.find(before.self, signal)
  if (now) return now.wire
  throw failed('NOARK5_UKJENT_UTFALL', 'unknown-outcome', 'The changed journalpost could not be read.')
}

function statusOf(wire: Wire): string | undefined {
  const parsed = Kode.safeParse(wire['journalstatus'])
  return parsed.success ? parsed.data.kode : undefined
}

function evidenceOf(wire: Wire, sendtDato: string): EkspedertEvidence {
  const kept = wire['sendtDato']
  return {
    journalstatus: statusOf(wire) ?? '',
    // Cores give the same instant back in another zone.
    sendtDatoLagret: typeof kept === 'string' && Date.parse(kept) === Date.parse(sendtDato),
  }
}
