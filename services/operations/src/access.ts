import { holdsPersonNumber } from '@samband/connector-kit'
import type { HubError } from '@samband/kernel'
import type { OperatorScope } from '@samband/tenants'
import type { FastifyRequest } from 'fastify'
import { refusal } from './problem.ts'

/** An operator's client, as its access token says. */
export interface OperatorAccess {
  readonly klientId: string
  /** organisasjonsnummer of the municipalities it may see and touch. */
  readonly tenants: Tenants
}

/** Municipalities, or all of them. */
export type Tenants = readonly string[] | 'alle'

/**
 * Tells who calls, from the access token of a request.
 * Rejects with an error that brings `status`, `headers` and a problem document as `body` (the `Problem` of `@samband/access`) when the
 * token is missing, refused, not an operator's, or lacks the scope.
 */
export type Authorise = (request: FastifyRequest, scope: OperatorScope) => Promise<OperatorAccess>

/** Whether an operator may see what belongs to `tenant`. What belongs to nobody known is seen only by those who see all. */
export function sees(tenants: Tenants, tenant: string | null | undefined): boolean {
  return tenants === 'alle' || (typeof tenant === 'string' && tenants.includes(tenant))
}

/**
 * The municipalities asked for, none left out silently.
 * @throws HubError DRIFT_FINNES_IKKE when one of them is not the operator's: nobody learns here whether it exists
 */
export function narrowTo(operator: OperatorAccess, wanted: readonly string[] | undefined, path: string): Tenants {
  if (wanted === undefined || wanted.length === 0) return operator.tenants
  if (wanted.every((tenant) => sees(operator.tenants, tenant))) return [...new Set(wanted)]
  throw notHere('Kommunen finnes ikke her, eller operatøren har ikke tilgang til den.', path)
}

/** What does not exist and what belongs to somebody else look the same. */
export function notHere(detail: string, path: string): HubError {
  return refusal('DRIFT_FINNES_IKKE', detail, path)
}

const MOST_CHARACTERS = 100

/**
 * The person behind a changing verb, from the header `Operator`: 1 to 100 printable characters, UTF-8 or Latin-1, and no fødselsnummer, since the
 * audit keeps it.
 * @throws HubError DRIFT_UGYLDIG_FORESPORSEL
 */
export function personOf(request: FastifyRequest): string {
  const sent = request.headers['operator']
  const name = typeof sent === 'string' ? decodeHeader(sent).trim() : ''
  if (holdsPersonNumber(name)) {
    const detail = 'Hodefeltet Operator lagres i revisjonen og kan ikke ha et fødselsnummer; bruk navnet.'
    throw refusal('DRIFT_UGYLDIG_FORESPORSEL', detail, 'Operator')
  }
  if (name.length >= 1 && name.length <= MOST_CHARACTERS && !/\p{C}/u.test(name)) return name
  throw refusal(
    'DRIFT_UGYLDIG_FORESPORSEL',
    `Hodefeltet Operator skal navngi personen som handler, med 1 til ${MOST_CHARACTERS} skrivbare tegn. ${name === '' ? 'Det mangler eller er tomt.' : `Det som kom har ${name.length} tegn.`}`,
    'Operator',
  )
}

/** Node hands header bytes over as Latin-1. Bytes that are proper UTF-8 beyond ASCII were hardly meant as anything else. */
function decodeHeader(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
