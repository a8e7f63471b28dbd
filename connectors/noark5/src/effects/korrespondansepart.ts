import { evidenceFault } from '@samband/connector-kit'
import type { Effect, ProbeAnswer } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import type { Core } from '../core.ts'
import type { PreparedCreate } from '../create.ts'
import { create, evidenceOf, newLink } from '../create.ts'
import { KorrespondansepartEvidence } from '../evidence.ts'
import type { Innhold } from '../innhold.ts'
import type { Parent } from '../look-up.ts'
import { lookUp } from '../look-up.ts'
import { requireSkjerming } from '../shielding.ts'
import { toAvsender, toMottaker } from '../translate.ts'

/** Which of a letter's two parties. */
export type OpprettKorrespondansepartInput = {
  readonly forsendelseId: string
  readonly innhold: InnholdRef
  /** The evidence of `opprettJournalpost`. */
  readonly journalpost: Parent
  /** `mottaker`: the one the letter goes to (EM). `avsender`: saksbehandler and administrativEnhet (IA). A letter has one of each. */
  readonly part: 'mottaker' | 'avsender'
}

type Prepared = PreparedCreate | { readonly nothingToSend: true }

/**
 * Registers a party of the letter. In TG 1.1 a party has no skjerming of its own: NM or NA in the skjermingMetadata of the journalpost shields it,
 * so it is sent only when the core has confirmed the ordered skjerming there.
 *
 * @throws NothingHappened NOARK5_SKJERMING_IKKE_BEKREFTET, NOARK5_FORELDER_MANGLER, NOARK5_LENKE_MANGLER (permanent); see `create`
 * @see TG 1.1, 7.2.1.23–26: korrespondansepart
 */
export function opprettKorrespondansepart(
  context: Context,
): Effect<OpprettKorrespondansepartInput, Prepared, KorrespondansepartEvidence> {
  return {
    name: 'noark5.opprettKorrespondansepart',
    guarantee: 'unique',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: ({ part }) => part,
    identity: (evidence) => (evidence.registrert ? evidence.systemId : ''),
    madeNothing: ({ registrert }) => !registrert,
    evidenceFault: evidenceFault(KorrespondansepartEvidence),
    fixed: ({ forsendelseId, innhold, journalpost, part }) => ({
      forsendelseId,
      innhold,
      journalpost: journalpost.systemId,
      part,
    }),
    async prepare(key, { innhold: ref, journalpost, part }, to, signal) {
      const core = context.core(to)
      const innhold = await context.innhold(to, ref)
      if (!isRegistered(core, part, innhold)) return { nothingToSend: true }
      await requireSkjerming(core, 'journalpost', journalpost, innhold, 'arkiv.journalpost.skjerming', signal)
      const type = part === 'avsender' ? 'intern' : innhold.mottaker.type
      const relation = `arkivstruktur/ny-korrespondansepart${type}`
      const url = await newLink(core, 'journalpost', journalpost, relation, signal)
      const kode = await core.codes.pair('korrespondanseparttype', part === 'avsender' ? 'IA' : 'EM', signal)
      const body =
        part === 'avsender'
          ? toAvsender(key, innhold.arkiv.journalpost, kode)
          : toMottaker(key, innhold.mottaker, kode, core.profile)
      const authorization = await core.authorization(signal)
      return { core, kind: 'korrespondansepart', key, url, body, authorization, parent: journalpost }
    },
    async act(prepared, attempt) {
      if ('nothingToSend' in prepared) return { registrert: false }
      return { ...evidenceOf(await create(prepared, attempt), prepared.key), registrert: true }
    },
    async probe(key, { innhold, journalpost, part }, to, signal): Promise<ProbeAnswer<KorrespondansepartEvidence>> {
      const core = context.core(to)
      const answer = await lookUp(core, { kind: 'korrespondansepart', key, parent: journalpost }, signal)
      if (answer.kind === 'there')
        return { kind: 'there', evidence: { ...evidenceOf(answer.evidence, key), registrert: true } }
      // Where nothing is to be registered, nothing is missing.
      if (answer.kind === 'not-there' && !isRegistered(core, part, await context.innhold(to, innhold)))
        return { kind: 'there', evidence: { registrert: false } }
      return answer
    },
  }
}

/** The sender's own people are registered where the letter names them and the core takes internal parties. */
function isRegistered(
  core: Core,
  part: OpprettKorrespondansepartInput['part'],
  { arkiv: { journalpost } }: Innhold,
): boolean {
  if (part === 'mottaker') return true
  return (
    core.profile.internPart && (journalpost.saksbehandler !== undefined || journalpost.administrativEnhet !== undefined)
  )
}
