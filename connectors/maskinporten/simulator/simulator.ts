import {
  type Answer,
  FaultDesk,
  installFaultDesk,
  type SimulatorRandom,
  type SimulatorTime,
} from '@samband/simulator-kit'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { GrantDesk, type GrantError, invalid, type MaskinportenClient } from './grant.ts'
import { parseJwt } from './jwt.ts'
import { lazySigningKey, type SigningKeyPair } from './keys.ts'
import { type IssuedToken, type TokenHolder, TokenMint } from './tokens.ts'

/** What a Maskinporten is made of. */
export interface MaskinportenSimulatorOptions {
  readonly time: SimulatorTime
  readonly random: SimulatorRandom
  readonly clients: readonly MaskinportenClient[]
  /** With a slash at the end. Left out: `http://<Host of the request>/`, for one that listens on a port of its own. */
  readonly issuer?: string
  /** The key that signs access tokens. Left out: one is made when the first token or the JWKS is asked for, which takes a while. */
  readonly keyPair?: SigningKeyPair
  /** How long an access token holds. Default 600. */
  readonly tokenLifetimeSeconds?: number
}

/** A stand-in for Maskinporten: metadata, JWKS, and the JWT bearer grant for clients with registered keys. */
export interface MaskinportenSimulator {
  /** Not listening: for `inject`, or for `listenAlone` of the kit. */
  readonly app: FastifyInstance
  /** Operations: `metadata`, `jwks`, `token`. */
  readonly faults: FaultDesk
  /** Every token that was issued, in order. */
  received(): IssuedToken[]
  /** Tells an API whom a token belongs to; undefined when it is forged, expired or revoked. Safe to pass on by itself. */
  readonly acceptToken: (token: string, nowMs: number) => TokenHolder | undefined
  /** From now on `acceptToken` refuses every token issued before now. */
  revokeAll(): void
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Makes a Maskinporten that has issued nothing. Takes milliseconds when keys are given. */
export function createMaskinportenSimulator(options: MaskinportenSimulatorOptions): MaskinportenSimulator {
  const { time, random } = options
  const key = lazySigningKey(options.keyPair)
  const mint = new TokenMint(key, random)
  const desk = new GrantDesk(options.clients)
  const lifetimeS = options.tokenLifetimeSeconds ?? 600
  const issuerOf = (request: FastifyRequest): string => options.issuer ?? `http://${request.headers.host}/`
  const refuse = ({ status, error, text }: GrantError): Answer => ({
    status,
    headers: { 'cache-control': 'no-store' },
    body: { error, error_description: `${text} (trace_id: ${random.uuid()})` },
  })
  const faults = new FaultDesk({ time, errorAnswer: (status, fault) => ordered(status, fault, refuse) })
  const app = fastify()
  installFaultDesk(app, faults, () => mint.issued())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )

  app.get('/.well-known/oauth-authorization-server', { config: { operation: 'metadata' } }, (request, reply) =>
    faults.around(request, reply, 'metadata', [], () => ({ status: 200, body: metadata(issuerOf(request)) })),
  )
  app.get('/jwks', { config: { operation: 'jwks' } }, (request, reply) =>
    faults.around(request, reply, 'jwks', [], () => {
      const { publicKey, kid } = key()
      return {
        status: 200,
        body: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
      }
    }),
  )
  app.post('/token', { config: { operation: 'token' } }, (request, reply) => {
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const assertion = form.get('assertion') ?? ''
    return faults.around(request, reply, 'token', textsOf(assertion), () => {
      if (form.get('grant_type') !== grantType) return refuse(unsupported)
      const nowMs = time.nowMs()
      const grant = desk.check(assertion, issuerOf(request), nowMs)
      if ('error' in grant) return refuse(grant)
      const token = mint.issue(grant, issuerOf(request), nowMs, lifetimeS)
      const body = { access_token: token, token_type: 'Bearer', expires_in: lifetimeS, scope: grant.scope }
      return { status: 200, headers: { 'cache-control': 'no-store' }, body }
    })
  })
  return {
    app,
    faults,
    received: () => mint.issued(),
    acceptToken: (token, nowMs) => mint.accept(token, nowMs),
    revokeAll: () => mint.revokeAll(time.nowMs()),
  }
}

/** Orders can be limited to a client, or to a consumer it asks for. */
function textsOf(assertion: string): string[] {
  const { iss, consumer_org: consumerOrg } = parseJwt(assertion)?.claims ?? {}
  return [iss, consumerOrg].filter((each) => typeof each === 'string')
}

const unsupported: GrantError = { status: 400, error: 'unsupported_grant_type', text: 'grant_type is not supported' }

function ordered(status: number, fault: string, refuse: (error: GrantError) => Answer): Answer {
  if (status >= 500)
    return { status, headers: { 'content-type': 'text/html' }, body: '<html><body>Unavailable</body></html>' }
  if (fault === 'unauthorized') return refuse({ status, error: 'invalid_client', text: 'client authentication failed' })
  return refuse({ ...invalid('invalid_grant', 'MP-100', 'refused by order'), status })
}

function metadata(issuer: string): object {
  return {
    issuer,
    token_endpoint: `${issuer}token`,
    jwks_uri: `${issuer}jwks`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    grant_types_supported: [grantType],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'RS512'],
  }
}
