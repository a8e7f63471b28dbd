import type { FastifyRequest } from 'fastify'

/**
 * What stands in the place of `*`, decoded. A wildcard, because a reference or a fingerprint may be longer than the router lets a
 * named parameter be, and may hold a slash.
 */
export function wildcardOf(request: FastifyRequest): string {
  return String((request.params as { readonly '*'?: unknown })['*'] ?? '')
}
