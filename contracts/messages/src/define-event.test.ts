import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { EventDefinition } from './index.ts'
import { ContractError, defineEvent, ForsendelseId, ForsendelseMottattV1, ForsendelseSendtV1 } from './index.ts'

const forsendelseId = '5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11'
const sendt = {
  forsendelseId,
  eksternReferanse: 'sak-2026-17',
  svarUtId: '7D1E0F6A-3c52-4f0e-9a53-5b1c0c6f2a11',
  kontoId: '2f0b8a5e-90d4-4c55-8a9e-6b7d1c3e4f20',
  sendtTidspunkt: '2026-03-02T09:15:41Z',
}

function refusal(work: () => unknown): ContractError {
  try {
    work()
  } catch (error) {
    if (error instanceof ContractError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

test('a reader gets branded ids and leaves out fields it does not know', () => {
  const data = ForsendelseSendtV1.parse({ ...sendt, laterField: 1 })

  expect(data).toEqual(sendt)
  expectTypeOf(data).toEqualTypeOf<ForsendelseSendtV1>()
  expectTypeOf(data.forsendelseId).toEqualTypeOf<ForsendelseId>()
})

test('a writer hands in plain strings, and a field that the event does not have is refused by its path', () => {
  expect(ForsendelseSendtV1.write(sendt)).toEqual(sendt)

  const withTitle = { ...sendt, tittel: 'Vedtak om skoleplass' }
  const error = refusal(() => ForsendelseSendtV1.write(withTitle))
  expect(error).toMatchObject({ code: 'CONTRACT_UNKNOWN_FIELD', disposition: 'permanent', details: { path: 'tittel' } })
  expect(error.message).not.toContain('skoleplass')
})

test('an unknown field is refused inside objects and lists as well', () => {
  const item = { ref: 'f-1', sha256: 'a'.repeat(64), sizeBytes: 1 }
  const mottatt = {
    forsendelseId,
    eksternReferanse: 'sak-2026-17',
    mottakertype: 'person' as const,
    innhold: { ref: 'f-1', avtrykk: 'b'.repeat(64), sizeBytes: 1 },
    dokumenter: [
      { ...item, mimeType: 'application/pdf' },
      { ...item, mimeType: 'application/pdf', filnavn: 'vedtak.pdf' },
    ],
    klientId: 'sak',
    mottattTidspunkt: '2026-03-02T09:15:30Z',
  }
  expect(refusal(() => ForsendelseMottattV1.write(mottatt)).details.path).toBe('dokumenter.1.filnavn')

  const inside = { ...mottatt, dokumenter: mottatt.dokumenter.slice(0, 1), innhold: { ...mottatt.innhold, navn: 'x' } }
  expect(refusal(() => ForsendelseMottattV1.write(inside)).details.path).toBe('innhold.navn')
})

test('an optional field that is undefined counts as left out, and does not reach the bus', () => {
  const data = ForsendelseSendtV1.write({ ...sendt, saksmappeKey: undefined })

  expect(JSON.stringify(data)).toBe(JSON.stringify(ForsendelseSendtV1.write(sendt)))
})

test('a refusal names the field, what was expected and the kind of what came, never the value', () => {
  const error = refusal(() => ForsendelseSendtV1.parse({ ...sendt, svarUtId: '15859099928' }))

  expect(error).toMatchObject({ code: 'CONTRACT_INVALID_DATA', details: { path: 'svarUtId' } })
  expect(error.message).toBe(
    'no.samband.forsendelse.sendt.v1: field "svarUtId" is not valid. Expected a UUID; what came is a string of 11 characters. Compare the sender with the event catalogue.',
  )
})

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a list of 0', []],
  ['a string of 4 characters', 'text'],
  ['a number', 1],
])('data that is %s is refused as a whole', (kind, data) => {
  const error = refusal(() => ForsendelseSendtV1.parse(data))

  expect(error.details.path).toBe('')
  expect(error.message).toContain(`the data is not valid. Expected object; what came is ${kind}.`)
})

test('all events of one forsendelse have its id as ordering key', () => {
  expect(ForsendelseSendtV1.partitionKey(ForsendelseSendtV1.parse(sendt))).toBe(forsendelseId)
})

test('an empty ordering key is refused, since every such event would wait for every other', () => {
  const event = defineEvent({ ...declared, key: () => '' })

  expect(refusal(() => event.partitionKey({ id: 'x' })).details.path).toBe('partitionkey')
})

const declared = {
  type: 'no.samband.test.hendt.v1',
  topic: 'test',
  subject: 'test',
  describe: 'Something happened.',
  key: (data: { id: string }) => data.id,
  data: z.object({ id: z.string() }),
}

test.each([
  ['no.samband.test.hendt', /spelled no\.samband/],
  ['no.samband.test.hendt.v0', /spelled no\.samband/],
  ['no.samband.Test.hendt.v1', /spelled no\.samband/],
  ['no.samband.annet.hendt.v1', /subject is "annet", not "test"/],
])('the declaration of %s fails while the module is loaded', (type, message) => {
  expect(() => defineEvent({ ...declared, type })).toThrow(message)
})

test('a topic that Kafka or a file name would stumble over is refused', () => {
  expect(() => defineEvent({ ...declared, topic: 'Test topic' })).toThrow(/kebab-case/)
})

test('a strict or a loose schema is refused: reader and writer decide that', () => {
  expect(() => defineEvent({ ...declared, data: z.strictObject({ id: z.string() }) })).toThrow(/plain z\.object/)
  expect(() => defineEvent({ ...declared, data: z.looseObject({ id: z.string() }) })).toThrow(/plain z\.object/)
})

test('definitions of different events fit one function that publishes any of them', () => {
  const publish = <Data>(definition: EventDefinition<Data>, data: Data) => definition.write(data)

  expect(publish(ForsendelseSendtV1, ForsendelseSendtV1.parse(sendt)).svarUtId).toBe(sendt.svarUtId)
  expectTypeOf(ForsendelseId.parse(forsendelseId)).toExtend<string>()
})
