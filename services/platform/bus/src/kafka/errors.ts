import { HubError } from '@samband/kernel'

/** What this file reads of an error of kafkajs, of Node's sockets or of its TLS. */
interface Trouble {
  readonly name: string | undefined
  /** Kafka's name of a refusal, such as `MESSAGE_TOO_LARGE`. */
  readonly type: string | undefined
  readonly code: string | undefined
}

/** An error, what caused it, and so on: kafkajs wraps, and an outage then carries the name of a wrong request. */
function chainOf(error: unknown): readonly Trouble[] {
  const chain: Trouble[] = []
  for (let one = error; one instanceof Error && chain.length < 10; one = one.cause) {
    const { type, code, errors } = one as Error & { type?: unknown; code?: unknown; errors?: unknown }
    chain.push({
      name: one.name,
      type: typeof type === 'string' ? type : undefined,
      code: typeof code === 'string' ? code : undefined,
    })
    if (Array.isArray(errors)) for (const each of errors) chain.push(...chainOf(each))
  }
  return chain
}

const certificateCode =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_.*|ERR_TLS_CERT_ALTNAME_INVALID)$/

/** kafkajs takes a refused OAUTHBEARER token for a success; the broker then answers whatever comes next with an illegal state. */
const refusedLogin = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'])

function isRefusedLogin({ name, type }: Trouble): boolean {
  return name === 'KafkaJSSASLAuthenticationError' || refusedLogin.has(type ?? '')
}

/** What our own side threw, which kafkajs wraps: the token source knows best what is wrong with the login. */
function hubErrorIn(error: unknown): HubError | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 10; one = one.cause, depth += 1)
    if (one instanceof HubError) return one
  return undefined
}

/** Whether the broker refused the request because it, or a record in it, has too many bytes. */
export function isTooLarge(error: unknown): boolean {
  return chainOf(error).some(({ type }) => type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE')
}

const undecodable = new Set([
  'KafkaJSNotImplemented',
  'KafkaJSPartialMessageError',
  'KafkaJSUnsupportedMagicByteInMessageSet',
  'KafkaJSInvalidVarIntError',
  'KafkaJSInvalidLongError',
  'RangeError',
])

/** Whether kafkajs could not decode what it fetched: an unknown compression, an unknown format, damaged bytes. */
export function isUndecodable(error: unknown): boolean {
  return chainOf(error).some(({ name, code }) => undecodable.has(name ?? '') || code?.startsWith('Z_') === true)
}

/**
 * What went wrong with the cluster, in our terms. Everything that is not a documented refusal is an outage: kafkajs calls a refused
 * connection "not retriable" once its own tries are used up.
 */
export function toBusError(cause: unknown, doing: string): HubError {
  const own = hubErrorIn(cause)
  if (own !== undefined) return own
  const chain = chainOf(cause)
  if (chain.some(isRefusedLogin)) {
    return new HubError(
      'BUS_INNLOGGING_AVVIST',
      'paused',
      `Kafka refused our login while ${doing}: check user, password or token, and that the broker offers the mechanism.`,
      { cause },
    )
  }
  if (chain.some(({ code }) => code !== undefined && certificateCode.test(code))) {
    return new HubError(
      'BUS_SERTIFIKAT_AVVIST',
      'paused',
      `The certificate of the Kafka broker is not vouched for while ${doing}: check the CA file and the broker's name.`,
      { cause },
    )
  }
  const refused = chain.find(({ type }) => type?.endsWith('_AUTHORIZATION_FAILED'))
  if (refused !== undefined) {
    return new HubError(
      'BUS_TILGANG_NEKTET',
      'paused',
      `Kafka does not let us in while ${doing} (${refused.type}): give our user the rights that deploy/kafka lists.`,
      { cause },
    )
  }
  const refusal = chain.find(({ type }) => type !== undefined)?.type ?? chain[0]?.name ?? 'unknown'
  return new HubError(
    'BUS_UTILGJENGELIG',
    'transient',
    `Kafka did not answer as it should while ${doing} (${refusal}); it is tried again.`,
    { cause },
  )
}
