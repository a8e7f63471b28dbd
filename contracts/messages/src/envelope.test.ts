import { expect, test } from 'vitest'
import { ContractError, Envelope, fromHeaders, fromSequence, toHeaders, toSequence } from './index.ts'

const envelope = {
  specversion: '1.0' as const,
  id: '5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11',
  type: 'no.samband.forsendelse.mottatt.v1',
  source: '/forsendelse-intake',
  subject: '6a51c2d3-4e5f-5061-8273-8495a6b7c8d9',
  time: '2026-03-02T09:15:30.250Z',
  datacontenttype: 'application/json' as const,
  tenant: '314758625',
  partitionkey: '6a51c2d3-4e5f-5061-8273-8495a6b7c8d9',
  sequence: '0000000000000001',
  correlationid: '6a51c2d3-4e5f-5061-8273-8495a6b7c8d9',
  causationid: '7b62d3e4-5f60-5172-9384-95a6b7c8d9ea',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

function refusedHeader(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof ContractError && error.code === 'CONTRACT_INVALID_HEADER') return error.details.path
    throw error
  }
  throw new Error('expected a refusal')
}

const headers = toHeaders(envelope)
const bytes = (text: string) => new TextEncoder().encode(text)

test('an envelope becomes one ce_ header per attribute, with the media type in content-type', () => {
  expect(headers).toEqual({
    ce_specversion: '1.0',
    ce_id: envelope.id,
    ce_type: envelope.type,
    ce_source: envelope.source,
    ce_subject: envelope.subject,
    ce_time: envelope.time,
    'content-type': 'application/json',
    ce_tenant: envelope.tenant,
    ce_partitionkey: envelope.partitionkey,
    ce_sequence: envelope.sequence,
    ce_correlationid: envelope.correlationid,
    ce_causationid: envelope.causationid,
    ce_traceparent: envelope.traceparent,
  })
})

test('what was written is read back, from text and from the bytes that a Kafka client hands over', () => {
  const asBytes = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, bytes(value)]))

  expect(fromHeaders(headers)).toEqual(envelope)
  expect(fromHeaders(asBytes)).toEqual(envelope)
  expect(fromHeaders(Object.fromEntries(Object.entries(asBytes).map(([name, value]) => [name, [value]])))).toEqual(
    envelope,
  )
})

test('attributes that are absent give no header and come back absent', () => {
  const { causationid: _, traceparent: __, ...first } = envelope
  const written = toHeaders({ ...first, causationid: undefined })

  expect(Object.keys(written)).not.toContain('ce_causationid')
  expect(fromHeaders(written)).toEqual(first)
})

test('letters beyond ASCII and percent signs go through as they stand, since the Kafka binding does not percent-encode', () => {
  const subject = 'sak æøå € 😀 100%25'
  const written = toHeaders({ ...envelope, subject })

  expect(written['ce_subject']).toBe(subject)
  expect(fromHeaders({ ...written, ce_subject: bytes(subject) }).subject).toBe(subject)
})

test.each(Object.keys(headers).filter((name) => name !== 'ce_causationid' && name !== 'ce_traceparent'))(
  'a record without %s is refused by the name of the header',
  (name) => {
    const { [name]: _, ...rest } = headers
    expect(refusedHeader(() => fromHeaders(rest))).toBe(name)
    expect(refusedHeader(() => fromHeaders({ ...rest, [name]: null }))).toBe(name)
  },
)

test.each([
  ['ce_specversion', '0.3'],
  ['ce_id', 'b3f1c0de-9a53-4f0e-8c52-5b1c0c6f2a11'],
  ['ce_type', 'no.ks.fiks.melding'],
  ['ce_time', '2026-03-02T10:15:30+01:00'],
  ['ce_tenant', '314758626'],
  ['ce_sequence', '-1'],
  ['ce_subject', 'a\nb'],
  ['ce_source', ''],
  ['ce_causationid', 'x'],
  ['content-type', 'application/cloudevents+json'],
  ['content-type', 'application/json; charset=iso-8859-1'],
])('a record with a wrong %s (%s) is refused by the name of the header', (name, value) => {
  expect(refusedHeader(() => fromHeaders({ ...headers, [name]: value }))).toBe(name)
})

test.each(['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON'])(
  'the content-type %s says the same as application/json',
  (value) => {
    expect(fromHeaders({ ...headers, 'content-type': value }).datacontenttype).toBe('application/json')
  },
)

test('bytes that are not UTF-8, and a header that came twice, are refused by name', () => {
  expect(refusedHeader(() => fromHeaders({ ...headers, ce_tenant: new Uint8Array([0xc0, 0xa0]) }))).toBe('ce_tenant')
  expect(refusedHeader(() => fromHeaders({ ...headers, ce_id: [envelope.id, envelope.id] }))).toBe('ce_id')
})

test('unknown headers are ignored, and a broken trace does not cost the event', () => {
  const read = fromHeaders({ ...headers, ce_later: 'x', 'x-other': 'y', ce_traceparent: 'broken' })

  expect(read).toEqual({ ...envelope, traceparent: undefined })
  expect(Object.hasOwn(read, 'traceparent')).toBe(false)
})

test('a header named like a member of every object is not taken for one', () => {
  expect(refusedHeader(() => fromHeaders(Object.create({ ce_id: envelope.id }, {})))).toBe('ce_specversion')
})

test('a writer with a wrong or an unknown attribute is refused by the name of the header', () => {
  expect(refusedHeader(() => toHeaders({ ...envelope, traceparent: 'broken' }))).toBe('ce_traceparent')
  const withNavn = { ...envelope, navn: 'x' }
  expect(refusedHeader(() => toHeaders(withNavn))).toBe('ce_navn')
})

test('attribute names are lower case letters and digits, as CloudEvents asks', () => {
  expect(Object.keys(Envelope.shape).filter((name) => !/^[a-z0-9]{1,20}$/.test(name))).toEqual([])
})

test('sequence sorts as text and keeps its number', () => {
  const numbers = [0, 1, 9, 10, 99, 100, Number.MAX_SAFE_INTEGER]
  const texts = numbers.map(toSequence)

  expect(texts.toSorted()).toEqual(texts)
  expect(texts.map(fromSequence)).toEqual(numbers)
  expect(fromSequence('17')).toBe(17)
  expect(() => toSequence(-1)).toThrow(RangeError)
  expect(() => toSequence(2 ** 53)).toThrow(RangeError)
})
