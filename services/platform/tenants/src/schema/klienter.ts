import { z } from 'zod'
import { says } from '../faults.ts'
import { group, OrgnrField, SecretField } from './fields.ts'

/** What a tenant's own systems may be allowed. */
export const KLIENT_SCOPES = ['forsendelse.send', 'forsendelse.les'] as const
/** What an operator may be allowed. */
export const OPERATOR_SCOPES = ['drift.les', 'drift.replay', 'drift.forkast', 'drift.svar', 'drift.kopi'] as const

/** One of `KLIENT_SCOPES`. */
export type KlientScope = (typeof KLIENT_SCOPES)[number]
/** One of `OPERATOR_SCOPES`. */
export type OperatorScope = (typeof OPERATOR_SCOPES)[number]

const klientIdFault = says(
  'a klientId of 3 to 100 letters, digits, dots, hyphens or underscores',
  'Choose a name that is used nowhere else, in quotes if it is a number.',
)
const KlientId = z.string(klientIdFault).regex(/^[A-Za-z0-9._-]{3,100}$/, klientIdFault)

function scopes<const Known extends readonly string[]>(known: Known) {
  const fault = says(`at least one of ${known.join(', ')}, each once`, 'Write the scopes as a list.')
  return z
    .array(z.enum(known, says(`one of ${known.join(', ')}`, 'Correct the spelling, or remove it.')), fault)
    .min(1, fault)
    .refine((list) => new Set(list).size === list.length, fault)
}

const KlientEntry = group({ klientId: KlientId, secret: SecretField, scopes: scopes(KLIENT_SCOPES) })

/** `klienter` of a tenant file: the systems that may call on behalf of the tenant. */
export const Klienter = z
  .array(KlientEntry, says('a list of klienter', 'Write each klient as a list item, or leave the setting out.'))
  .check(eachOnce)
  .default([])

const kommunerFault = says(
  'alle, or a list of organisasjonsnummer',
  'Write alle, or the municipalities this operator may see.',
)
const OperatorEntry = group({
  klientId: KlientId,
  secret: SecretField,
  scopes: scopes(OPERATOR_SCOPES),
  kommuner: z.union([z.literal('alle'), z.array(OrgnrField).min(1)], kommunerFault),
})

/** operators.yaml as a whole. */
export const OperatorsFile = z
  .array(
    OperatorEntry,
    says('a list of operators', 'Write each operator as a list item with klientId, secret, scopes, kommuner.'),
  )
  .check(eachOnce)

/** A system that may call on behalf of its tenant. */
export type Klient = Readonly<z.infer<typeof KlientEntry>>
/** Somebody who watches and repairs deliveries, for the municipalities listed. */
export type Operator = Readonly<z.infer<typeof OperatorEntry>>

function eachOnce({ value, issues }: z.core.ParsePayload<readonly { readonly klientId: string }[]>): void {
  const seen = new Set<string>()
  for (const [index, { klientId }] of value.entries()) {
    if (seen.has(klientId)) {
      const message = 'a klientId that is used once\nGive one of the two another klientId.'
      issues.push({ code: 'custom', input: value, path: [index, 'klientId'], message })
    }
    seen.add(klientId)
  }
}
