/** Failures of TLS that a person has to mend: the code of OpenSSL or Node, and what it means. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by an authority that is not trusted here',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
}

/** Why a connection did not come about, where it can be told from the error: by the proxy's status or by the certificate. */
export function whyNotConnected(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const proxyStatus = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1]
  if (proxyStatus === '407') return 'the proxy answered 407: it does not take the user and password it was given'
  if (proxyStatus !== undefined) return `the proxy answered ${proxyStatus} and made no connection`
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'UND_ERR_PRX_CONN') return 'the proxy closed the connection without an answer'
  const certificate = CERTIFICATES[code]
  if (certificate !== undefined) return `the certificate over there ${certificate} (${code})`
  return whyNotConnected(error.cause)
}
