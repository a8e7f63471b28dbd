import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonOf, parseAnswer, pathText } from './json.ts'

const answer = (body: string) => ({ status: 200, headers: {}, body: Buffer.from(body) })
const Letter = z.object({ id: z.string(), mottaker: z.object({ navn: z.string() }) })

test('an answer of the agreed shape is read, unknown members and duplicates included', () => {
  const body = answer('{"id":"a","id":"b","nytt":1,"mottaker":{"navn":"x"}}')
  expect(parseAnswer(Letter, body, { system: 'TEST', reads: true })).toEqual({ id: 'b', mottaker: { navn: 'x' } })
})

test('another shape leaves the outcome of a change unknown, and says where without saying what', () => {
  const body = answer('{"id":"a","mottaker":{"navn":15859099928}}')
  const read = () => parseAnswer(Letter, body, { system: 'TEST', reads: false })
  expect(read).toThrow(expect.objectContaining({ code: 'TEST_UVENTET_SVAR', disposition: 'unknown-outcome' }))
  expect(read).toThrow('mottaker.navn: invalid_type')
  expect(read).not.toThrow('15859099928')
})

test('another shape of a read is transient, also when it is no JSON at all', () => {
  const read = () => parseAnswer(Letter, answer('<html>15859099928'), { system: 'TEST', reads: true })
  expect(read).toThrow(expect.objectContaining({ code: 'TEST_UVENTET_SVAR', disposition: 'transient' }))
})

test('an error body may be anything', () => {
  expect(jsonOf(answer('{"message":"nei"}'))).toEqual({ message: 'nei' })
  expect(jsonOf(answer(''))).toBeUndefined()
  expect(jsonOf(answer('Bad Gateway'))).toBeUndefined()
})

test('a path reads as the sender wrote it', () => {
  expect(pathText(['dokumenter', 1, 'filnavn'])).toBe('dokumenter[1].filnavn')
})
