import { z } from 'zod'
import { says } from '../faults.ts'
import { isOrgnr } from '../orgnr.ts'
import { SECRET_REF, Secret } from '../secret.ts'

const DAY_MS = 86_400_000

/** A group of settings in which every name has to be known. */
export function group<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `one of ${known}\nCorrect the spelling, or remove the line.`
        : `a group of settings: ${known}\nWrite the settings indented below the name.`,
  })
}

/** Text of one line, not empty. `what` names it for the operator, `todo` says where to find it. */
export function text(what: string, todo: string) {
  const fault = says(what, todo)
  return z
    .string(fault)
    .max(300, fault)
    .regex(/^\S(?:[^\r\n]*\S)?$/, fault)
}

/** A whole number of milliseconds, up to 30 days. */
export function milliseconds(least: number) {
  const fault = says(
    `a whole number of milliseconds from ${least} to ${30 * DAY_MS}`,
    'Write the time in milliseconds, without a unit.',
  )
  return z
    .number(fault)
    .int(fault)
    .min(least, fault)
    .max(30 * DAY_MS, fault)
}

/** Requests under way at the same time. */
export function ceiling() {
  const fault = says(
    'a whole number of parallel requests from 1 to 64',
    'Write how many requests the destination can take at once.',
  )
  return z.number(fault).int(fault).min(1, fault).max(64, fault)
}

/**
 * The address of a service: https, or http where it cannot leave the machine or the inner network. Taken as it is written,
 * apart from surrounding checks, because it is part of what rows are bound to (protocol rule R19).
 */
export function address(todo: string) {
  const fault = says(
    'an https address without user, query or fragment (http only to localhost, a name without dots or a private network)',
    todo,
  )
  return z.string(fault).refine(isServiceAddress, fault)
}

/** A reference to a secret. A secret in plain text is a fault. */
export const SecretField = z
  .string(
    says(
      'a reference to a secret, env:NAME or file:/path',
      'Put the secret where the reference points; never write it here.',
    ),
  )
  .regex(
    SECRET_REF,
    says(
      'a reference to a secret, env:NAME or file:/path',
      'Move the secret out of this file and refer to it. If the secret itself stood here, replace it: it has been exposed.',
    ),
  )
  .transform((ref) => new Secret(ref))

/** An organisasjonsnummer, quoted or not. */
export const OrgnrField = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z
    .string(says('an organisasjonsnummer of nine digits', 'Write the number from Brønnøysundregistrene, in quotes.'))
    .refine(
      isOrgnr,
      says(
        'an organisasjonsnummer of nine digits whose check digit is right',
        'Compare it with Brønnøysundregistrene.',
      ),
    ),
)

function isServiceAddress(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isInnerHost(url.hostname))
}

function isInnerHost(host: string): boolean {
  return !host.includes('.') || /^(?:127|10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]+$/.test(host)
}
