import type { Answer } from '@samband/simulator-kit'
import type { FastifyRequest } from 'fastify'
import { type FiksErrors, tokenRefused } from './answers.ts'

/** Says whom a Maskinporten token was issued to, or undefined when it is not to be trusted (any more). */
export type AcceptToken = (
  token: string,
  nowMs: number,
) => { readonly orgnr: string; readonly scope: string } | undefined

/** One Fiks-integrasjon: made by a municipality, used with the token of the organisation it has authorised. */
export interface Integrasjon {
  readonly integrasjonId: string
  readonly integrasjonPassord: string
  /** Autorisert organisasjon: must be the token's consumer. */
  readonly autorisertOrgnr: string
  /** The kontoId it has rights on. */
  readonly kontoer: readonly string[]
}

/** Looks at the three headers and the konto of the path; returns the refusal, or undefined when all is well. */
export function refusedAccess(
  request: FastifyRequest,
  kontoId: string,
  nowMs: number,
  integrasjoner: readonly Integrasjon[],
  acceptToken: AcceptToken,
  errors: FiksErrors,
): Answer | undefined {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const holder = token === undefined ? undefined : acceptToken(token, nowMs)
  if (holder?.scope.split(' ').includes('ks:fiks') !== true) return errors.error(401, tokenRefused, request.url)
  const { integrasjonid, integrasjonpassord } = request.headers
  const integrasjon = integrasjoner.find(
    (each) =>
      each.integrasjonId === integrasjonid &&
      each.integrasjonPassord === integrasjonpassord &&
      each.autorisertOrgnr === holder.orgnr,
  )
  if (integrasjon === undefined) {
    const id = typeof integrasjonid === 'string' ? integrasjonid : 'null'
    return errors.error(401, `Autentisering feilet for integrasjon med id ${id}`, request.url)
  }
  if (!integrasjon.kontoer.includes(kontoId)) {
    return errors.error(
      403,
      `Integrasjon med id ${integrasjon.integrasjonId} mangler rettighet til kontoen`,
      request.url,
    )
  }
  return undefined
}
