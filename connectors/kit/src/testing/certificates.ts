import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate with its private key, both PEM. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** An authority of a test, which nobody trusts by default. */
export interface TestAuthority {
  /** Its own certificate, PEM. */
  readonly ca: string
  /** Signs a certificate for a DNS name or an IPv4 address; valid from an hour ago for 30 days unless told otherwise (wall milliseconds). */
  issue(name: string, validity?: { readonly fromMs?: number; readonly untilMs?: number }): TestCertificate
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Makes an authority, with nothing but Node: RFC 5280 by hand, as little of it as TLS asks for.
 * @param nowMs the time of the real clock, by which TLS judges
 */
export function createTestAuthority(nowMs: number, name = 'Samband test CA'): TestAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const validity = { fromMs: nowMs - HOUR_MS, untilMs: nowMs + 365 * DAY_MS }
  const isAuthority = extension('551d13', sequence(Buffer.from([0x01, 0x01, 0xff])), true)
  const ca = certificate({
    subject: name,
    issuer: name,
    validity,
    of: own.publicKey,
    by: own.privateKey,
    extensions: [isAuthority],
  })
  return {
    ca,
    issue(host, { fromMs = nowMs - HOUR_MS, untilMs = nowMs + 30 * DAY_MS } = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const cert = certificate({
        subject: host,
        issuer: name,
        validity: { fromMs, untilMs },
        of: pair.publicKey,
        by: own.privateKey,
        extensions: [extension('551d11', sequence(alternativeName(host)))],
      })
      return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

function certificate(parts: {
  readonly subject: string
  readonly issuer: string
  readonly validity: { readonly fromMs: number; readonly untilMs: number }
  readonly of: KeyObject
  readonly by: KeyObject
  readonly extensions: readonly Buffer[]
}): string {
  const { subject, issuer, validity, of, by, extensions } = parts
  const ecdsaWithSha256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const serial = createHash('sha256').update(`${subject}${validity.untilMs}`).digest().subarray(0, 8)
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), serial])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(validity.fromMs), time(validity.untilMs)),
    commonName(subject),
    of.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, by)])
  const whole = sequence(toBeSigned, ecdsaWithSha256, der(0x03, signature))
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function commonName(name: string): Buffer {
  const type = der(0x06, Buffer.from('550403', 'hex'))
  return sequence(der(0x31, sequence(type, der(0x0c, Buffer.from(name, 'utf8')))))
}

function alternativeName(host: string): Buffer {
  return /^\d+(\.\d+){3}$/.test(host)
    ? der(0x87, Buffer.from(host.split('.').map(Number)))
    : der(0x82, Buffer.from(host))
}

function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [Buffer.from([0x01, 0x01, 0xff])] : []
  return sequence(der(0x06, Buffer.from(oid, 'hex')), ...critical, der(0x04, value))
}

/** GeneralizedTime, whole seconds of UTC. */
function time(atMs: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
