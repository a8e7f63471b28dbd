import { z } from 'zod'

const UUID_LOWER_CASE = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const UUID_V5_LOWER_CASE = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
/** No control characters: CloudEvents 1.0 forbids them in attributes, and they would let a value forge a log line. */
export const ONE_LINE = /^\P{Cc}*$/u

const UUID_ANY_CASE = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

/** The hub's own id of an accepted forsendelse: a UUID in lower case, because it is compared and ordered as text. */
export const ForsendelseId = z
  .string()
  .regex(UUID_LOWER_CASE, 'Expected a UUID in lower case')
  .brand('ForsendelseId')
  .describe("The hub's own id of the forsendelse; a UUID in lower case.")
export type ForsendelseId = z.infer<typeof ForsendelseId>

/** The id of an event: UUIDv5 of its cause (never random), so that an event published twice is seen as one. */
export const EventId = z
  .string()
  .regex(UUID_V5_LOWER_CASE, 'Expected a UUID of version 5 in lower case, made from the cause')
  .brand('EventId')
  .describe('Id of an event: UUIDv5 of its cause, in lower case, so that an event published twice is seen as one.')
export type EventId = z.infer<typeof EventId>

/** The sending system's own reference; SvarUt's `eksternReferanse` (Send v3: 1 to 100 characters). Unique per tenant. */
export const EksternReferanse = z
  .string()
  .min(1)
  .max(100)
  .regex(ONE_LINE, 'Expected no control characters')
  .brand('EksternReferanse')
  .describe(
    "The sending system's own reference, 1 to 100 characters, unique per tenant; never a person's number or name.",
  )
export type EksternReferanse = z.infer<typeof EksternReferanse>

/** Organisasjonsnummer: nine digits with a valid check digit (modulus 11), without spaces or prefix. */
export const Orgnr = z
  .string()
  .regex(/^[0-9]{9}$/, 'Expected nine digits')
  .refine(hasOrgnrCheckDigit, 'Expected an organisasjonsnummer with a valid check digit')
  .brand('Orgnr')
  .describe('Organisasjonsnummer: nine digits, the last a check digit (modulus 11).')
export type Orgnr = z.infer<typeof Orgnr>

const ORGNR_WEIGHTS = [3, 2, 7, 6, 5, 4, 3, 2]

function hasOrgnrCheckDigit(digits: string): boolean {
  const sum = ORGNR_WEIGHTS.reduce((total, weight, index) => total + weight * Number(digits[index]), 0)
  const check = (11 - (sum % 11)) % 11
  return check < 10 && check === Number(digits[8])
}

/** The id SvarUt gave a forsendelse; a UUID, kept as SvarUt spells it. */
export const SvarUtId = z
  .string()
  .regex(UUID_ANY_CASE, 'Expected a UUID')
  .brand('SvarUtId')
  .describe('The id that SvarUt gave the forsendelse; a UUID, as SvarUt spells it.')
export type SvarUtId = z.infer<typeof SvarUtId>

/** A SvarUt konto, the account a forsendelse is sent from; a UUID. */
export const KontoId = z
  .string()
  .regex(UUID_ANY_CASE, 'Expected a UUID')
  .brand('KontoId')
  .describe('The SvarUt konto the forsendelse is sent from; a UUID.')
export type KontoId = z.infer<typeof KontoId>

/** Noark 5 systemID (M001): usually a UUID, but kept opaque, since older cores hold other forms. */
export const NoarkSystemId = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'Expected 1 to 100 printable characters without space')
  .brand('NoarkSystemId')
  .describe('Noark 5 systemID (M001) as the core gave it; opaque.')
export type NoarkSystemId = z.infer<typeof NoarkSystemId>

/** Reference to an item of the payload store, where documents and personal content lie encrypted. */
export const PayloadRef = z
  .string()
  .regex(/^[a-z0-9-]{1,80}$/, 'Expected 1 to 80 of a-z, 0-9 and hyphen')
  .brand('PayloadRef')
  .describe('Reference to an item of the payload store, where documents and personal content lie encrypted.')
export type PayloadRef = z.infer<typeof PayloadRef>

/** SHA-256 of the content in clear, 64 lower-case hex digits. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'Expected 64 lower-case hex digits')
  .brand('Sha256')
  .describe('SHA-256 of the content in clear, 64 lower-case hex digits.')
export type Sha256 = z.infer<typeof Sha256>

/** HMAC-SHA-256 of personal content under the tenant's key, which is never rotated; 64 lower-case hex digits. */
export const Avtrykk = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'Expected 64 lower-case hex digits')
  .brand('Avtrykk')
  .describe("HMAC-SHA-256 of the content in clear under the tenant's key, 64 lower-case hex digits.")
export type Avtrykk = z.infer<typeof Avtrykk>

/** Ordering key of a saksmappe: a hash of what identifies it, so that no title or case number lies on the bus. */
export const SaksmappeKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,64}$/, 'Expected a hash of 16 to 64 characters (hex, UUID or base64url)')
  .brand('SaksmappeKey')
  .describe('Ordering key of the saksmappe: a hash of what identifies it (hex, UUID or base64url), never a title.')
export type SaksmappeKey = z.infer<typeof SaksmappeKey>

/** The API client that handed the forsendelse in: an id from the tenant's configuration, never a person. */
export const KlientId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,100}$/, 'Expected 1 to 100 of letters, digits, dot, underscore, colon and hyphen')
  .brand('KlientId')
  .describe("The API client that handed the forsendelse in, by its id in the tenant's configuration; never a person.")
export type KlientId = z.infer<typeof KlientId>

/** An instant in UTC, RFC 3339 with `Z`. */
export const Tidspunkt = z.iso.datetime().describe('An instant in UTC, RFC 3339 with Z.')
