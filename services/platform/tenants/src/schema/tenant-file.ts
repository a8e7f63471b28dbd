import { z } from 'zod'
import { says } from '../faults.ts'
import { group, OrgnrField, SecretField, text } from './fields.ts'
import { Klienter } from './klienter.ts'
import { Noark5 } from './noark5.ts'
import { SvarUt } from './svarut.ts'

const daysFault = says(
  'a whole number of days from 1 to 3650',
  'Write how long payloads are kept after the last row is done.',
)
const Retention = group({ payloadDays: z.number(daysFault).int(daysFault).min(1, daysFault).max(3650, daysFault) })

/** A tenant's file as a whole. */
export const TenantFile = group({
  orgnr: OrgnrField,
  navn: text('the name of the municipality', 'Write the name operators know it by.'),
  connectors: group({ svarut: SvarUt, noark5: Noark5.optional() }),
  klienter: Klienter,
  retention: Retention,
  /** Wraps the keys of the tenant's payloads: 32 bytes in base64. */
  payloadKey: SecretField,
  /** Turns a national number into an effect's discriminator (protocol rule R9): at least 32 bytes in base64, never changed. */
  hmacKey: SecretField,
})

/** A municipality as its file describes it, with secrets fetched. */
export type Tenant = Readonly<z.infer<typeof TenantFile>>
/** How long what is kept. */
export type RetentionSettings = Readonly<z.infer<typeof Retention>>
