import { HubError } from '@samband/kernel'
import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { asStoreError, breaksConnection, isCertainRefusal, mostRepeats } from './errors.ts'

function serverError(code: string): DatabaseError {
  const error = new DatabaseError('x', 1, 'error')
  error.code = code
  return error
}
const networkError = (code: string) => Object.assign(new Error(code), { code })

test.each([
  ['57P03', 'STORE_UTILGJENGELIG'],
  ['57P01', 'STORE_UTILGJENGELIG'],
  ['57P02', 'STORE_UTILGJENGELIG'],
  ['08006', 'STORE_UTILGJENGELIG'],
  ['53300', 'STORE_UTILGJENGELIG'],
  ['28P01', 'STORE_UTILGJENGELIG'],
  ['53100', 'STORE_DISK_FULL'],
  ['40001', 'STORE_OPPTATT'],
  ['40P01', 'STORE_OPPTATT'],
  ['57014', 'STORE_FEIL'],
  ['42601', 'STORE_FEIL'],
])('the server says %s: %s, to be tried again', (state, code) => {
  expect(asStoreError(serverError(state))).toMatchObject({ code, disposition: 'transient' })
})

test.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND'])('the network says %s: not reachable', (code) => {
  expect(asStoreError(networkError(code))).toMatchObject({
    code: 'STORE_UTILGJENGELIG',
    disposition: 'transient',
    message: expect.stringContaining(code),
  })
})

test('an error that is the store’s already passes as it is', () => {
  const error = new HubError('STORE_UBRUKELIG', 'transient', 'x')
  expect(asStoreError(error)).toBe(error)
})

test('only the server’s own word that a commit was refused is certain', () => {
  expect(['40001', '40P01', '23505'].map((state) => isCertainRefusal(serverError(state)))).toEqual([true, true, true])
  expect(['57P01', '57014', '58030', '08006'].map((state) => isCertainRefusal(serverError(state)))).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(isCertainRefusal(networkError('ECONNRESET'))).toBe(false)
})

test('work is run again after a conflict, once after what may be one, and never after anything else', () => {
  expect(['40001', '40P01', '23505', '42601', '57P01'].map((state) => mostRepeats(serverError(state)))).toEqual([
    'often',
    'often',
    'once',
    'never',
    'never',
  ])
  expect(mostRepeats(networkError('ECONNRESET'))).toBe('never')
})

test('a session is given up when the network or the server has ended it', () => {
  expect(['57P01', '08006'].map((state) => breaksConnection(serverError(state)))).toEqual([true, true])
  expect(breaksConnection(networkError('ECONNRESET'))).toBe(true)
  expect(['40001', '23505', '42601'].map((state) => breaksConnection(serverError(state)))).toEqual([
    false,
    false,
    false,
  ])
})

test.each([
  ['28P01', 'SAMBAND_POSTGRES_URL'],
  ['3D000', 'does not exist'],
  ['42501', 'lacks a right'],
])('%s is not told as a server out of reach, but as what is to be mended', (state, words) => {
  const { message } = asStoreError(serverError(state))
  expect(message).toContain(words)
  expect(message).not.toContain('cannot be reached')
})
