import { pathText } from '@samband/connector-kit'
import type { Payloads } from '@samband/kernel'
import { z } from 'zod'
import { Arkiv } from './arkiv.ts'
import { failed } from './errors.ts'

const MOST_INNHOLD_BYTES = 4 * 1024 * 1024

/** A postal address; the core wants poststed, so an address without it is left out. */
export const Adresse = z.object({
  adresselinje1: z.string().optional(),
  adresselinje2: z.string().optional(),
  adresselinje3: z.string().optional(),
  postnr: z.string().optional(),
  poststed: z.string().optional(),
  landkode: z.string().optional().describe('ISO 3166-1 alpha-2.'),
})
export type Adresse = z.infer<typeof Adresse>

/** The person or unit the letter goes to. */
export const Mottaker = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('person'),
    navn: z.string().min(1),
    fodselsnummer: z.string().optional().describe('fødselsnummer or D-nummer'),
    adresse: Adresse.optional(),
  }),
  z.object({
    type: z.literal('enhet'),
    navn: z.string().min(1),
    organisasjonsnummer: z.string().optional(),
    kontaktperson: z.string().optional(),
    adresse: Adresse.optional(),
  }),
])
export type Mottaker = z.infer<typeof Mottaker>

/** The personal content of a letter, as far as it is filed. Lies in the payload store; more members are ignored. */
export const Innhold = z.object({
  arkiv: Arkiv,
  mottaker: Mottaker,
  dokumenter: z
    .array(
      z.object({
        ref: z.string().min(1).describe('The payload that holds the document.'),
        tittel: z.string().min(1).optional(),
        filnavn: z.string().min(1),
        mimeType: z.string().min(1),
      }),
    )
    .min(1),
})
export type Innhold = z.infer<typeof Innhold>

/** One document of the letter, with its names. */
export type InnholdDokument = Innhold['dokumenter'][number]

/**
 * Reads the content of a letter from the payload store.
 * @param innholdOf makes an `Innhold` out of what is stored, where the hub stores another shape
 * @throws HubError NOARK5_UGYLDIG_INNHOLDSFIL (permanent), naming members but never their content; what `payloads.read` throws
 */
export async function readInnhold(
  payloads: Pick<Payloads, 'read'>,
  tenant: string,
  ref: string,
  innholdOf: (stored: unknown) => unknown,
): Promise<Innhold> {
  const bytes = await payloads.read(tenant, ref, MOST_INNHOLD_BYTES)
  const parsed = Innhold.safeParse(innholdOf(jsonIn(bytes)))
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.slice(0, 5).map((issue) => pathText(issue.path) || '(root)')
  throw failed(
    'NOARK5_UGYLDIG_INNHOLDSFIL',
    'permanent',
    `The stored content is not what is filed; at fault: ${places.join(', ')}.`,
    { path: places[0] ?? '(root)' },
  )
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** The document of the letter that lies under `ref`. @throws HubError NOARK5_UGYLDIG_INNHOLDSFIL (permanent) */
export function dokumentOf(innhold: Innhold, ref: string): InnholdDokument {
  const found = innhold.dokumenter.find((dokument) => dokument.ref === ref)
  if (found) return found
  const message = `The stored content names no document with ref ${ref}.`
  throw failed('NOARK5_UGYLDIG_INNHOLDSFIL', 'permanent', message, { path: 'dokumenter' })
}
