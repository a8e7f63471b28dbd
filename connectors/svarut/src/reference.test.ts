import type { EffectKey } from '@samband/kernel'
import { causeId } from '@samband/kernel'
import { expect, test } from 'vitest'
import { svarUtReferanse } from './reference.ts'

const key = causeId('311094688', 'svarut.send', 'forsendelse-1') as EffectKey
const suffix = /~[\w-]{22}$/

test('the reference begins as the sender wrote it and ends with the key', () => {
  const reference = svarUtReferanse('sak-2026-17', key)
  expect(reference).toMatch(/^sak-2026-17~/)
  expect(reference).toMatch(suffix)
  expect(svarUtReferanse('sak-2026-17', key)).toBe(reference)
  expect(svarUtReferanse('sak-2026-17', causeId('other') as EffectKey)).not.toBe(reference)
})

test('a long reference is cut to 77 characters, 100 in all', () => {
  const reference = svarUtReferanse('x'.repeat(100), key)
  expect(reference).toHaveLength(100)
  expect(reference.indexOf('~')).toBe(77)
})

test('a character of two units is left out rather than halved', () => {
  const reference = svarUtReferanse(`${'x'.repeat(76)}😀y`, key)
  expect(reference.indexOf('~')).toBe(76)
  expect(reference.isWellFormed()).toBe(true)
  expect(svarUtReferanse(`${'x'.repeat(75)}😀y`, key)).toHaveLength(100)
})

test('what somebody on the way might change is changed beforehand', () => {
  expect(svarUtReferanse(' sak\t1 ', key)).toMatch(/^sak 1~/)
  expect(svarUtReferanse('sak\ud83d', key)).toMatch(/^sak\ufffd~/)
  expect(svarUtReferanse('', key)).toMatch(/^~/)
})
