import { holdsPersonNumber } from '@samband/connector-kit'
import { causeId } from '@samband/kernel'
import { z } from 'zod'

/** Noark reads a text of only spaces or invisible characters as missing. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !/^[\s\p{Cf}\p{Cc}]*$/u.test(value), 'must hold visible characters')

const tittel = text(500).describe('The title as it is to stand in the archive; may hold personal data.')
const offentligTittel = text(500).describe('The title for the public journal, shielded words written as ******.')

/** Shielding from public access (offentleglova), sent at creation, since cores do not take it later. */
export const Skjerming = z
  .strictObject({
    tilgangsrestriksjon: text(50).describe("Kode in the core's own list tilgangsrestriksjon, e.g. UO."),
    skjermingshjemmel: text(500).describe('The paragraph in text, e.g. Offentleglova § 13 jf. forvaltningsloven § 13.'),
    skjermingMetadata: z
      .array(text(10))
      .min(1)
      .max(20)
      .optional()
      .describe('What is shielded: koder in the list skjermingMetadata, e.g. TRO, NM, TD. TG 1.1 wants at least one.'),
  })
  .describe('Shielding; the filing stops before any file is uploaded when the core does not confirm it.')
export type Skjerming = z.infer<typeof Skjerming>

const noekkel = text(100)
  .refine((value) => !holdsPersonNumber(value), 'must not hold a fødselsnummer or D-nummer')
  .describe("The sender's own key of the case, the same for every letter in it. No personal number.")

const nySaksmappe = z.strictObject({
  noekkel,
  tittel,
  offentligTittel: offentligTittel.optional(),
  skjerming: Skjerming.optional(),
})

const kjentSaksmappe = z.strictObject({
  mappeID: text(100).describe(
    'mappeID of a saksmappe that exists in the archive, e.g. 2026/117. It is looked up, never made.',
  ),
})

/** The part `arkiv` that a sender gives with a letter: where and under which titles it is filed. Unknown fields are refused by name. */
export const Arkiv = z.strictObject({
  arkivdel: text(200).optional().describe("Title of the arkivdel, where it is another than the tenant's usual one."),
  klasse: text(100)
    .refine((value) => !holdsPersonNumber(value), 'must not hold a fødselsnummer or D-nummer')
    .optional()
    .describe('klasseID; needed where the arkivdel has a klassifikasjonssystem and the saksmappe is made.'),
  saksmappe: z
    .union([nySaksmappe, kjentSaksmappe], { error: 'must hold either noekkel and tittel, or mappeID alone' })
    .describe('The case: found or made by noekkel, or found by mappeID.'),
  journalpost: z.strictObject({
    tittel,
    offentligTittel: offentligTittel.optional(),
    dokumentetsDato: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('The date on the document: date and time with zone.'),
    saksbehandler: text(200).optional().describe('Name of the case worker; filed as internal sender.'),
    administrativEnhet: text(200).optional().describe('The unit that sends; filed as internal sender.'),
    skjerming: Skjerming.optional(),
  }),
})
export type Arkiv = z.infer<typeof Arkiv>

/**
 * The identity of a saksmappe within a tenant, shared by all letters that belong to it: a UUIDv5, which tells nothing of noekkel or mappeID.
 * Neither arkivdel nor klasse is part of it: a case that is moved stays the same case.
 * @param tenant organisasjonsnummer
 */
export function saksmappeKey(tenant: string, arkiv: Pick<Arkiv, 'saksmappe'>): string {
  const { saksmappe } = arkiv
  return 'mappeID' in saksmappe
    ? causeId('noark5.saksmappe', tenant, 'mappeID', saksmappe.mappeID)
    : causeId('noark5.saksmappe', tenant, 'noekkel', saksmappe.noekkel)
}
