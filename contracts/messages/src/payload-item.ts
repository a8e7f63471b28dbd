import { z } from 'zod'
import { Avtrykk, PayloadRef, Sha256 } from './ids.ts'

const sizeBytes = z.int().min(1).describe('Size of the content in clear, in bytes; SvarUt refuses an empty document.')

/** An item of the payload store, with what is needed to know that it is the right one. */
export const PayloadItem = z.object({ ref: PayloadRef, sha256: Sha256, sizeBytes })
export type PayloadItem = z.infer<typeof PayloadItem>

/** A document of a forsendelse. No file name and no title: those are personal content and lie in `innhold`. */
export const Dokument = z.object({
  ref: PayloadRef,
  sha256: Sha256,
  sizeBytes,
  mimeType: z
    .string()
    .regex(/^[A-Za-z0-9!#$&^_.+-]{1,63}\/[A-Za-z0-9!#$&^_.+-]{1,63}$/, 'Expected a media type without parameters')
    .describe('Media type without parameters, such as application/pdf; at most 127 characters (SvarUt Send v3).'),
})
export type Dokument = z.infer<typeof Dokument>

/**
 * The personal content of a forsendelse (mottaker, tittel, file names), as one encrypted JSON item. Its digest is keyed: a plain
 * one over a known letter could be tried with every fødselsnummer there is.
 */
export const Innhold = z
  .object({ ref: PayloadRef, avtrykk: Avtrykk, sizeBytes })
  .describe(
    'The whole forsendelse as JSON (mottaker, tittel, file names and what is to be filed), encrypted in the payload store.',
  )

/** Whom SvarUt is to deliver to; decides which endpoint of Send v3 is called. */
export const Mottakertype = z
  .enum(['person', 'organisasjon'])
  .describe('Kind of mottaker; decides which operation of SvarUt Send v3 is called.')
export type Mottakertype = z.infer<typeof Mottakertype>
