import { z } from 'zod'

const id = z.string().min(1).max(200)

const made = {
  systemId: id,
  /** Its address in the core. */
  self: z.url(),
  /** True when the core kept our systemID, false when it gave its own; null for what others made. */
  egenId: z.boolean().nullable(),
  /** Digest of the skjerming the core has shown for it, null for none. */
  skjerming: z.string().nullable(),
}

/** What is kept of something made or found: ids and addresses, no personal data. */
export const Made = z.strictObject(made).readonly()
export type Made = z.infer<typeof Made>

/** The saksmappe that letters with one key are filed in. */
export const SaksmappeEvidence = z
  .strictObject({
    ...made,
    mappeId: id.nullable(),
    /** True when the hub made it, false when it was found by mappeID. */
    laget: z.boolean(),
  })
  .readonly()
export type SaksmappeEvidence = z.infer<typeof SaksmappeEvidence>

/** The journalpost of a letter, with the numbers people know it by. */
export const JournalpostEvidence = z
  .strictObject({
    ...made,
    registreringsId: id.nullable(),
    journalaar: z.number().nullable(),
    journalsekvensnummer: z.number().nullable(),
    journalpostnummer: z.number().nullable(),
  })
  .readonly()
export type JournalpostEvidence = z.infer<typeof JournalpostEvidence>

/** `registrert` false: there was nothing to register, or the core takes no internal parties; nothing was sent. */
export const KorrespondansepartEvidence = z.discriminatedUnion('registrert', [
  z.strictObject({ ...made, registrert: z.literal(true) }).readonly(),
  z.strictObject({ registrert: z.literal(false) }).readonly(),
])
export type KorrespondansepartEvidence = z.infer<typeof KorrespondansepartEvidence>

/** A file that was read back from the core, equal to what was sent. */
export const FilEvidence = z
  .strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.number().int().nonnegative() })
  .readonly()
export type FilEvidence = z.infer<typeof FilEvidence>

/** The journalpost as the core shows it after it was set sent. */
export const EkspedertEvidence = z
  .strictObject({
    /** E, or J or A where the archive has gone further already. */
    journalstatus: id,
    /** False where the core did not keep sendtDato. */
    sendtDatoLagret: z.boolean(),
  })
  .readonly()
export type EkspedertEvidence = z.infer<typeof EkspedertEvidence>
