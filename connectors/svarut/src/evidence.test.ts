import { expect, test } from 'vitest'
import { createSendTilSvarUt } from './effect.ts'

test.each([
  [{}, 'svarUtId'],
  [{ svarUtId: 's-1' }, 'sendtTidspunkt'],
  [{ svarUtId: 's-1', sendtTidspunkt: '25.11.2026' }, 'sendtTidspunkt'],
  [{ svarUtId: 's-1', sendtTidspunkt: '2026-11-25T10:00:00Z', id: 1 }, 'id'],
  ['s-1', ''],
])('evidence %j of a person does not fit at %j', (given, path) => {
  expect(createSendTilSvarUt({} as never).evidenceFault?.(given)).toBe(path)
})
