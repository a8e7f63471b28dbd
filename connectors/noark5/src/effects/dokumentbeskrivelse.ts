import { evidenceFault } from '@samband/connector-kit'
import type { Effect, ProbeAnswer } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import type { PreparedCreate } from '../create.ts'
import { create, evidenceOf, newLink } from '../create.ts'
import { Made } from '../evidence.ts'
import { dokumentOf } from '../innhold.ts'
import type { Parent } from '../look-up.ts'
import { lookUp } from '../look-up.ts'
import { requireSkjerming, skjermingToSend } from '../shielding.ts'
import { toDokumentbeskrivelse } from '../translate.ts'
import type { Arkivdokument } from './dokument.ts'
import { dokumentDiscriminator } from './dokument.ts'

/** One document of the letter. */
export type OpprettDokumentbeskrivelseInput = {
  readonly forsendelseId: string
  readonly innhold: InnholdRef
  /** The evidence of `opprettJournalpost`. */
  readonly journalpost: Parent
  readonly dokument: Arkivdokument
}

/**
 * Describes one document of the letter; one after another, since cores refuse them side by side. eksternReferanse is the effect key.
 *
 * @throws NothingHappened NOARK5_SKJERMING_IKKE_BEKREFTET, NOARK5_FORELDER_MANGLER, NOARK5_LENKE_MANGLER (permanent); see `create`
 * @see TG 1.1, 7.2.1.7: dokumentbeskrivelse
 */
export function opprettDokumentbeskrivelse(
  context: Context,
): Effect<OpprettDokumentbeskrivelseInput, PreparedCreate, Made> {
  return {
    name: 'noark5.opprettDokumentbeskrivelse',
    guarantee: 'unique',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: ({ dokument }) => dokumentDiscriminator(dokument),
    identity: ({ systemId }) => systemId,
    evidenceFault: evidenceFault(Made),
    fixed: ({ forsendelseId, innhold, journalpost, dokument }) => ({
      forsendelseId,
      innhold,
      journalpost: journalpost.systemId,
      dokument,
    }),
    async prepare(key, { innhold: ref, journalpost, dokument }, to, signal) {
      const core = context.core(to)
      const innhold = await context.innhold(to, ref)
      await requireSkjerming(core, 'journalpost', journalpost, innhold, 'arkiv.journalpost.skjerming', signal)
      const url = await newLink(core, 'journalpost', journalpost, 'arkivstruktur/ny-dokumentbeskrivelse', signal)
      const { koder } = core.profile
      const tilknyttetRegistreringSom = await core.codes.pair('tilknyttetregistreringsom', dokument.rolle, signal)
      const dokumenttype = await core.codes.pair('dokumenttype', koder.dokumenttype, signal)
      const dokumentstatus = await core.codes.pair('dokumentstatus', koder.dokumentstatus, signal)
      const skjerming = await skjermingToSend(core, innhold, 'arkiv.journalpost.skjerming', signal)
      const { tittel, filnavn } = dokumentOf(innhold, dokument.ref)
      const pairs = { tilknyttetRegistreringSom, dokumenttype, dokumentstatus }
      const body = toDokumentbeskrivelse(key, tittel ?? filnavn, pairs, skjerming)
      const authorization = await core.authorization(signal)
      return { core, kind: 'dokumentbeskrivelse', key, url, body, authorization, parent: journalpost }
    },
    async act(prepared, attempt) {
      return evidenceOf(await create(prepared, attempt), prepared.key)
    },
    async probe(key, { journalpost }, to, signal): Promise<ProbeAnswer<Made>> {
      const answer = await lookUp(context.core(to), { kind: 'dokumentbeskrivelse', key, parent: journalpost }, signal)
      return answer.kind === 'there' ? { kind: 'there', evidence: evidenceOf(answer.evidence, key) } : answer
    },
  }
}
