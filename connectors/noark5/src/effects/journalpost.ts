import { evidenceFault } from '@samband/connector-kit'
import type { Effect, ProbeAnswer } from '@samband/kernel'
import { NothingHappened } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import type { PreparedCreate } from '../create.ts'
import { create, evidenceOf, newLink } from '../create.ts'
import { nothing } from '../errors.ts'
import { JournalpostEvidence } from '../evidence.ts'
import type { Parent } from '../look-up.ts'
import { lookUp, readParent } from '../look-up.ts'
import type { Seen } from '../reading.ts'
import { requireSkjerming, skjermingToSend } from '../shielding.ts'
import { toJournalpost } from '../translate.ts'

/** The letter to be registered, and the saksmappe it belongs to. */
export type OpprettJournalpostInput = {
  readonly forsendelseId: string
  readonly innhold: InnholdRef
  /** The evidence of `opprettSaksmappe`. */
  readonly saksmappe: Parent
}

type Prepared = PreparedCreate & { readonly saksmappe: Parent }

const NY_JOURNALPOST = 'sakarkiv/ny-journalpost'

/**
 * Makes the journalpost of an outgoing letter, with a status under which it can still be undone (R unless the profile says otherwise).
 *
 * @throws NothingHappened NOARK5_SAKSMAPPE_LUKKET, NOARK5_FORELDER_MANGLER, NOARK5_SKJERMING_IKKE_BEKREFTET (permanent); see `create`
 * @see TG 1.1, 7.2.3.7: journalpost
 */
export function opprettJournalpost(context: Context): Effect<OpprettJournalpostInput, Prepared, JournalpostEvidence> {
  return {
    name: 'noark5.opprettJournalpost',
    guarantee: 'unique',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: () => 'journalpost',
    identity: ({ systemId }) => systemId,
    evidenceFault: evidenceFault(JournalpostEvidence),
    fixed: ({ forsendelseId, innhold, saksmappe }) => ({ forsendelseId, innhold, saksmappe: saksmappe.systemId }),
    async prepare(key, { innhold: ref, saksmappe }, to, signal) {
      const core = context.core(to)
      const innhold = await context.innhold(to, ref)
      await requireSkjerming(core, 'saksmappe', saksmappe, innhold, 'arkiv.saksmappe.skjerming', signal)
      const url = await newLink(core, 'saksmappe', saksmappe, NY_JOURNALPOST, signal, () => closed(saksmappe))
      const { koder } = core.profile
      const journalposttype = await core.codes.pair('journalposttype', koder.journalposttype, signal)
      const journalstatus = await core.codes.pair('journalstatus', koder.journalstatus, signal)
      const skjerming = await skjermingToSend(core, innhold, 'arkiv.journalpost.skjerming', signal)
      const body = toJournalpost(key, innhold, { journalposttype, journalstatus }, skjerming)
      const authorization = await core.authorization(signal)
      return { core, kind: 'journalpost', key, url, body, authorization, parent: saksmappe, saksmappe }
    },
    async act(prepared, attempt) {
      try {
        return journalpostEvidence(await create(prepared, attempt), prepared.key)
      } catch (error) {
        throw await whyRefused(prepared, error, attempt.signal)
      }
    },
    async probe(key, { innhold: ref, saksmappe }, to, signal): Promise<ProbeAnswer<JournalpostEvidence>> {
      const { tittel } = (await context.innhold(to, ref)).arkiv.journalpost
      const answer = await lookUp(context.core(to), { kind: 'journalpost', key, parent: saksmappe, tittel }, signal)
      return answer.kind === 'there' ? { kind: 'there', evidence: journalpostEvidence(answer.evidence, key) } : answer
    },
  }
}

/** Cores say "closed" with 400, 403, 404 or 409; whether the saksmappe still offers ny-journalpost tells it from other refusals. */
async function whyRefused({ core, saksmappe }: Prepared, error: unknown, signal: AbortSignal): Promise<unknown> {
  const maybeClosed =
    error instanceof NothingHappened && ['permanent', 'transient'].includes(error.disposition) && answered(error)
  if (!maybeClosed) return error
  core.recent.delete(saksmappe.self)
  try {
    const now = await readParent(core, 'saksmappe', saksmappe, signal)
    return now && !now.links.has(NY_JOURNALPOST) ? closed(saksmappe, error) : error
  } catch {
    return error // what the core said stands, also when the saksmappe could not be read
  }
}

function answered({ code }: NothingHappened): boolean {
  return ['NOARK5_UGYLDIG_INNHOLD', 'NOARK5_INGEN_TILGANG', 'NOARK5_KONFLIKT', 'NOARK5_FORBIGAENDE_FEIL'].includes(code)
}

function closed({ systemId }: Parent, cause?: unknown) {
  const message = `The saksmappe ${systemId} does not offer ny-journalpost: it is closed. Open it, or name another.`
  return nothing('NOARK5_SAKSMAPPE_LUKKET', 'permanent', message, { path: 'arkiv.saksmappe', cause })
}

function journalpostEvidence(found: Seen, key: string): JournalpostEvidence {
  const { registreringsID } = found.wire
  return {
    ...evidenceOf(found, key),
    registreringsId: typeof registreringsID === 'string' ? registreringsID : null,
    journalaar: numberOf(found, 'journalaar'),
    journalsekvensnummer: numberOf(found, 'journalsekvensnummer'),
    journalpostnummer: numberOf(found, 'journalpostnummer'),
  }
}

function numberOf({ wire }: Seen, field: string): number | null {
  const value = wire[field]
  return typeof value === 'number' ? value : null
}
