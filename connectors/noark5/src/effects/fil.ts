import { evidenceFault, readThrough } from '@samband/connector-kit'
import type { Effect } from '@samband/kernel'
import { asHubError } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import { newLink } from '../create.ts'
import { failed, nothing } from '../errors.ts'
import { FilEvidence } from '../evidence.ts'
import { dokumentOf } from '../innhold.ts'
import type { Parent } from '../look-up.ts'
import { readParent } from '../look-up.ts'
import type { Arkivdokument } from './dokument.ts'
import { dokumentDiscriminator } from './dokument.ts'
import { fileState } from './file-state.ts'
import type { PreparedUpload } from './upload.ts'
import { differs, upload } from './upload.ts'

/** The file of one document. */
export type LastOppFilInput = {
  readonly forsendelseId: string
  readonly innhold: InnholdRef
  /** The evidence of `opprettDokumentobjekt`. */
  readonly dokumentobjekt: Parent
  readonly dokument: Arkivdokument
}

const FIL = 'arkivstruktur/fil'

/**
 * Uploads one file, in one request or in pieces, and reads it back: evidence only when the SHA-256 is equal. A file is never overwritten by a core,
 * so a second upload is refused, and what lies there is looked at.
 *
 * Takes as long as file and line need, twice (up and back). An upload in pieces is one intent with several requests, each for another part.
 * @throws NothingHappened NOARK5_FIL_AVVIST, NOARK5_OPPLASTING_SPERRET, NOARK5_UGYLDIG_INNHOLDSFIL (permanent); see `refusalOf`
 * @throws HubError NOARK5_FIL_AVVIKER, NOARK5_UKJENT_UTFALL, NOARK5_INGEN_SVAR (unknown-outcome)
 * @see TG 1.1, 6.1: files
 */
export function lastOppFil(context: Context): Effect<LastOppFilInput, PreparedUpload, FilEvidence> {
  return {
    name: 'noark5.lastOppFil',
    guarantee: 'probe',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: ({ dokument }) => dokumentDiscriminator(dokument),
    identity: ({ sha256 }) => sha256,
    evidenceFault: evidenceFault(FilEvidence),
    // The file is asked for at its own address: another file that is found says nothing about this one.
    searches: false,
    fixed: ({ forsendelseId, innhold, dokumentobjekt, dokument }) => ({
      forsendelseId,
      innhold,
      dokumentobjekt: dokumentobjekt.systemId,
      dokument,
    }),
    async prepare(key, { innhold: ref, dokumentobjekt, dokument }, to, signal) {
      const core = context.core(to)
      const { payloads } = context.deps
      const { mimeType } = dokumentOf(await context.innhold(to, ref), dokument.ref)
      const { sha256, sizeBytes } = await readThrough(payloads, to.tenant, dokument.ref, signal)
      if (sha256 !== dokument.sha256 || sizeBytes !== dokument.sizeBytes) throw otherContent(dokument.ref)
      const limit = core.profile.chunks ? await core.discovery.bulkgrenseBytes(signal) : 0
      const url = await newLink(core, 'dokumentobjekt', dokumentobjekt, FIL, signal)
      const authorization = await core.authorization(signal)
      const open = () => payloads.open(to.tenant, dokument.ref)
      return { core, key, url, mimeType, file: { sha256, sizeBytes }, pieceBytes: limit, authorization, open }
    },
    act: upload,
    async probe(_key, { dokumentobjekt, dokument }, to, signal) {
      const core = context.core(to)
      try {
        const parent = await readParent(core, 'dokumentobjekt', dokumentobjekt, signal)
        const link = parent?.links.get(FIL)
        if (!link) return { kind: 'cannot-tell', why: doubtful('The dokumentobjekt or its link fil is not found.') }
        const state = await fileState(core, link.href, dokument, signal)
        if (state === 'none') return { kind: 'not-there' }
        if (state === 'other') return { kind: 'cannot-tell', why: differs() }
        return { kind: 'there', evidence: { sha256: dokument.sha256, sizeBytes: dokument.sizeBytes } }
      } catch (error) {
        return { kind: 'cannot-tell', why: asHubError(error) ?? doubtful('The file could not be read back.', error) }
      }
    },
  }
}

function otherContent(ref: string) {
  const message = `The payload ${ref} has another size or SHA-256 than the event says.`
  return nothing('NOARK5_UGYLDIG_INNHOLDSFIL', 'permanent', message)
}

function doubtful(because: string, cause?: unknown) {
  return failed('NOARK5_KAN_IKKE_SLA_OPP', 'unknown-outcome', `${because} A person must look in the archive.`, {
    cause,
  })
}
