import type { LetterView } from '@samband/forsendelse-intake'
import { expect, test } from 'vitest'
import { Board } from './board.ts'
import { createScreen } from './screen.ts'

const { paint } = createScreen({ write: () => {} }, false)
const view: LetterView = {
  id: 'id',
  eksternReferanse: 'A',
  status: 'LEVERT',
  forklaring: '',
  mottattTidspunkt: '',
  hendelser: [],
  venter: [],
  svarUt: { id: 'x', status: 'LEST' },
}

function boardOf(count: number, done: number): Board {
  const board = new Board()
  for (let number = 1; number <= count; number += 1) {
    const eksternReferanse = `B-${number}`
    board.put({
      kommune: 'molde',
      eksternReferanse,
      id: `id-${number}`,
      documents: 1,
      sizeBytes: 1_000,
      isFiled: false,
      view: undefined,
    })
    if (number <= done) board.update('molde', { ...view, eksternReferanse, id: `id-${number}` })
  }
  return board
}

test('only letters that may still change are looked at', () => {
  const board = boardOf(3, 2)
  expect(board.open().map(({ eksternReferanse }) => eksternReferanse)).toEqual(['B-3'])
  expect([board.count('ferdig'), board.count('underveis'), board.size]).toEqual([2, 1, 3])
})

test('on a low terminal those that are done give way, and nothing is wider than the screen', () => {
  const lines = boardOf(12, 9).picture(paint)(80, 10)
  expect(lines.length).toBeLessThanOrEqual(10)
  for (const number of [10, 11, 12]) expect(lines.join('\n')).toContain(`B-${number}`)
  expect(lines.join('\n')).toContain('… og 7 til')
  expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80)
})

test('letters of two municipalities under one reference stand beside each other', () => {
  const board = boardOf(1, 0)
  const other = { kommune: 'aukra', eksternReferanse: 'B-1', id: 'id-2', documents: 1, sizeBytes: 1, isFiled: false }
  board.put({ ...other, view: undefined })
  board.update('aukra', { ...view, eksternReferanse: 'B-1', id: 'id-2' })
  expect([board.size, board.count('ferdig'), board.get('molde', 'B-1')?.id]).toEqual([2, 1, 'id-1'])
})
