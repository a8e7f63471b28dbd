import { evidenceFault } from '@samband/connector-kit'
import type { Effect, ProbeAnswer } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import type { PreparedCreate } from '../create.ts'
import { create, evidenceOf, newLink } from '../create.ts'
import { Made } from '../evidence.ts'
import { dokumentOf } from '../innhold.ts'
import type { Parent } from '../look-up.ts'
import { lookUp } from '../look-up.ts'
import { requireSkjerming } from '../shielding.ts'
import { toDokumentobjekt } from '../translate.ts'
import type { Arkivdokument } from './dokument.ts'
import { dokumentDiscriminator } from './dokument.ts'

/** One document of the letter, in production format. */
export type OpprettDokumentobjektInput = {
  readonly forsendelseId: string
  readonly innhold: InnholdRef
  /** The evidence of `opprettDokumentbeskrivelse`. */
  readonly dokumentbeskrivelse: Parent
  readonly dokument: Arkivdokument
}

/**
 * Makes the dokumentobjekt that takes the file, with checksum and size, against which the core verifies the upload.
 *
 * @throws NothingHappened NOARK5_SKJERMING_IKKE_BEKREFTET, NOARK5_FORELDER_MANGLER, NOARK5_LENKE_MANGLER (permanent); see `create`
 * @see TG 1.1, 7.2.1.8: dokumentobjekt
 */
export function opprettDokumentobjekt(context: Context): Effect<OpprettDokumentobjektInput, PreparedCreate, Made> {
  return {
    name: 'noark5.opprettDokumentobjekt',
    guarantee: 'unique',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: ({ dokument }) => dokumentDiscriminator(dokument),
    identity: ({ systemId }) => systemId,
    evidenceFault: evidenceFault(Made),
    fixed: ({ forsendelseId, innhold, dokumentbeskrivelse, dokument }) => ({
      forsendelseId,
      innhold,
      dokumentbeskrivelse: dokumentbeskrivelse.systemId,
      dokument,
    }),
    async prepare(key, { innhold: ref, dokumentbeskrivelse: parent, dokument }, to, signal) {
      const core = context.core(to)
      const innhold = await context.innhold(to, ref)
      await requireSkjerming(core, 'dokumentbeskrivelse', parent, innhold, 'arkiv.journalpost.skjerming', signal)
      const url = await newLink(core, 'dokumentbeskrivelse', parent, 'arkivstruktur/ny-dokumentobjekt', signal)
      const document = dokumentOf(innhold, dokument.ref)
      const { koder, formats } = core.profile
      const variantformat = await core.codes.pair('variantformat', koder.variantformat, signal)
      const candidates = formats[mimeTypeWithoutParameters(document.mimeType)] ?? []
      const format = await core.codes.first('format', candidates, signal)
      const body = toDokumentobjekt(key, document, dokument, { variantformat, format })
      const authorization = await core.authorization(signal)
      return { core, kind: 'dokumentobjekt', key, url, body, authorization, parent }
    },
    async act(prepared, attempt) {
      return evidenceOf(await create(prepared, attempt), prepared.key)
    },
    async probe(key, { dokumentbeskrivelse }, to, signal): Promise<ProbeAnswer<Made>> {
      const answer = await lookUp(
        context.core(to),
        { kind: 'dokumentobjekt', key, parent: dokumentbeskrivelse },
        signal,
      )
      return answer.kind === 'there' ? { kind: 'there', evidence: evidenceOf(answer.evidence, key) } : answer
    },
  }
}

function mimeTypeWithoutParameters(mimeType: string): string {
  return (mimeType.split(';')[0] ?? '').trim().toLowerCase()
}
