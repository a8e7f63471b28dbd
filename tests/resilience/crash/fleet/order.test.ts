import { expect, test } from 'vitest'
import { judgeOrder } from './order.ts'

const letter = (number: number) => ({
  forsendelseId: `f${number}`,
  eksternReferanse: `sak-${number}`,
  mark: `L${number}-1`,
})
const placed = (lane: string, number: number) => ({ lane, acceptedId: `f${number}` })
const archiveOf = (...numbers: readonly number[]) =>
  ({ journalposter: numbers.map((number) => ({ marks: [`L${number}-1`] })) }) as unknown as Parameters<
    typeof judgeOrder
  >[2]
const accepted = [1, 2, 3].map(letter)

test('letters of one lane that are filed in the order of their places are in order, whatever other lanes do', () => {
  const places = [placed('a', 1), placed('b', 3), placed('a', 2)]
  expect(judgeOrder(places, accepted, archiveOf(3, 1, 2))).toEqual([])
})

test('a letter that is filed before one that stands ahead of it in its lane is named', () => {
  const places = [placed('a', 1), placed('a', 2)]
  expect(judgeOrder(places, accepted, archiveOf(2, 1))).toEqual(['sak-2: filed before a letter that stood ahead of it'])
})

test('a letter that is not filed says nothing of the order', () => {
  const places = [placed('a', 1), placed('a', 2), placed('a', 3)]
  expect(judgeOrder(places, accepted, archiveOf(1, 3))).toEqual([])
})
