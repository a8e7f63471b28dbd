import { type Operator, Secret, type Tenant } from '@samband/tenants'
import { expect, test } from 'vitest'
import { createAccess } from './access.ts'
import { Problem } from './problem.ts'

const LILLEVIK = '314758625'
const STOREVIK = '311094688'
const FORM = 'grant_type=client_credentials'
const KEY = new Uint8Array(32).fill(1)

function anAccess(operators: Operator[], tokenKey = KEY) {
  const time = { now: 1_772_000_000_000 }
  const tenants = { all: (): readonly Tenant[] => [] }
  const access = createAccess({ tenants, operators: () => operators, tokenKey, clock: { now: () => time.now } })
  return { access, time }
}

function anOperator(kommuner: Operator['kommuner'], changes: Partial<Operator> = {}): Operator {
  const secret = new Secret('env:OP', 'hemmelig')
  return { klientId: 'drift', secret, scopes: ['drift.les', 'drift.replay'], kommuner, ...changes }
}

const basic = (text = 'drift:hemmelig') => `Basic ${Buffer.from(text).toString('base64')}`
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

function statusOf(work: () => unknown): number | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error.status
    throw error
  }
}

test('an operator is known by the token, with municipalities and scopes', () => {
  const { access } = anAccess([anOperator([LILLEVIK])])
  const { access_token: token } = access.grant(basic(), FORM)
  expect(access.verifyAccess(bearer(token), 'drift.les')).toEqual({
    kind: 'operator',
    klientId: 'drift',
    tenants: [LILLEVIK],
    scopes: ['drift.les', 'drift.replay'],
  })
})

test.each<[Operator['kommuner'], Operator['kommuner'], Operator['kommuner']]>([
  ['alle', [LILLEVIK], [LILLEVIK]],
  [[LILLEVIK], 'alle', [LILLEVIK]],
  [[LILLEVIK, STOREVIK], [STOREVIK], [STOREVIK]],
  ['alle', 'alle', 'alle'],
])('a token for %s is good for no more than what both it and the file of today allow', (then, now, good) => {
  const operators = [anOperator(then)]
  const { access } = anAccess(operators)
  const { access_token: token } = access.grant(basic(), FORM)
  operators[0] = anOperator(now)
  expect(access.verifyAccess(bearer(token), 'drift.les')).toMatchObject({ tenants: good })
})

test('a scope that was given later needs a new token, and one that was taken away is gone at once', () => {
  const operators = [anOperator('alle', { scopes: ['drift.les'] })]
  const { access } = anAccess(operators)
  const { access_token: token } = access.grant(basic(), FORM)
  operators[0] = anOperator('alle', { scopes: ['drift.replay'] })
  expect(statusOf(() => access.verifyAccess(bearer(token), 'drift.replay'))).toBe(403)
  expect(statusOf(() => access.verifyAccess(bearer(token), 'drift.les'))).toBe(403)
})

test('a token ends with its time, its operator and its secret', () => {
  const operators = [anOperator('alle')]
  const { access, time } = anAccess(operators)
  const { access_token: token, expires_in: seconds } = access.grant(basic(), FORM)
  const status = () => statusOf(() => access.verifyAccess(bearer(token), 'drift.les'))
  time.now += seconds * 1000 - 1
  expect(status()).toBeUndefined()
  operators[0] = anOperator('alle', { secret: new Secret('env:OP', 'ny') })
  expect(status()).toBe(401)
  operators[0] = anOperator('alle')
  expect(status()).toBeUndefined()
  operators.pop()
  expect(status()).toBe(401)
  operators.push(anOperator('alle'))
  time.now += 1
  expect(status()).toBe(401)
})

test('a token of another key, or with anything changed, is no token', () => {
  const operators = [anOperator('alle')]
  const { access } = anAccess(operators)
  const { access_token: token } = anAccess(operators, new Uint8Array(32).fill(2)).access.grant(basic(), FORM)
  expect(statusOf(() => access.verifyAccess(bearer(token), 'drift.les'))).toBe(401)
  const good = access.grant(basic(), FORM).access_token
  for (let at = 0; at < good.length - 1; at += 1) {
    const other = good[at] === 'A' ? 'B' : 'A'
    const changed = good.slice(0, at) + other + good.slice(at + 1)
    expect(
      statusOf(() => access.verifyAccess(bearer(changed), 'drift.les')),
      `character ${at}`,
    ).toBe(401)
  }
  expect(statusOf(() => access.verifyAccess(bearer(`${good}.x`), 'drift.les'))).toBe(401)
  expect(statusOf(() => access.verifyAccess(bearer('x'.repeat(9_000)), 'drift.les'))).toBe(401)
})

test('processes with the same key take each other’s tokens', () => {
  const operators = [anOperator('alle')]
  const { access_token: token } = anAccess(operators).access.grant(basic(), FORM)
  expect(anAccess(operators).access.verifyAccess(bearer(token), 'drift.les').klientId).toBe('drift')
})

test('a short key is refused', () => {
  expect(() => anAccess([], new Uint8Array(31))).toThrow(RangeError)
})
