import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { asking, asPayloadError } from './s3-errors.ts'

/** An answer of the store as the SDK tells it. */
function answer(status: number, name: string): Error {
  return Object.assign(new Error('the text of the store'), { name, $metadata: { httpStatusCode: status } })
}

test.each([
  [answer(403, 'AccessDenied'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(403, 'SignatureDoesNotMatch'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(403, 'RequestTimeTooSkewed'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(401, 'Unauthorized'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(404, 'NoSuchBucket'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(400, 'AuthorizationHeaderMalformed'), 'PAYLOAD_TILGANG_AVVIST', 'paused'],
  [answer(403, 'QuotaExceeded'), 'PAYLOAD_DISK_FULL', 'transient'],
  [answer(507, 'XMinioStorageFull'), 'PAYLOAD_DISK_FULL', 'transient'],
  [answer(503, 'SlowDown'), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [answer(500, 'InternalError'), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [answer(404, 'NoSuchUpload'), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [answer(404, 'NotFound'), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'PAYLOAD_UTILGJENGELIG', 'transient'],
  [Object.assign(new Error('x'), { name: 'TimeoutError' }), 'PAYLOAD_UTILGJENGELIG', 'transient'],
])('%s is %s (%s), and keeps its cause', (error, code, disposition) => {
  const told = asPayloadError(error, 'GetObject')
  expect(told).toMatchObject({ code, disposition, cause: error })
  expect(String(told)).not.toContain('the text of the store')
})

test('a defect, and an error of ours, pass unchanged', async () => {
  const wrongArgument = Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' })
  const ours = new HubError('PAYLOAD_ODELAGT', 'permanent', 'x')
  for (const error of [wrongArgument, ours, new Error('x')]) {
    await expect(asking('GetObject', () => Promise.reject(error))).rejects.toBe(error)
  }
})

test('what the store says is not repeated when it is no code', () => {
  expect(String(asPayloadError(answer(500, 'Kari Nordmann, Storgata 1'), 'GetObject'))).not.toContain('Nordmann')
})
