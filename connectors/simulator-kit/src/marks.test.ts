import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { DocumentMeter, MarkFinder } from './marks.ts'

test('finds a mark wherever a border between chunks splits it', () => {
  const text = Buffer.from('some text SAMBAND-MARK:abc-123 and SAMBAND-MARK:Z9. SAMBAND-MARK:abc-123 SAMBAND-MARK: end')
  for (let size = 1; size <= text.length; size += 1) {
    const finder = new MarkFinder()
    for (let at = 0; at < text.length; at += size) finder.push(text.subarray(at, at + size))
    expect(finder.finish(), `chunks of ${size}`).toEqual(['abc-123', 'Z9'])
  }
})

test('ends a token after 64 characters and takes one that ends with the document', () => {
  const finder = new MarkFinder()
  finder.push(Buffer.from(`SAMBAND-MARK:${'x'.repeat(70)}SAMBAND-MARK:last`))
  expect(finder.finish()).toEqual(['x'.repeat(64), 'last'])
})

test('does not remember a chunk that its owner overwrites', () => {
  const finder = new MarkFinder()
  const chunk = Buffer.from('SAMBAND-MARK:first')
  finder.push(chunk)
  chunk.fill(0x20)
  finder.push(Buffer.from('-half '))
  expect(finder.finish()).toEqual(['first-half'])
})

test('counts and hashes a document without keeping it', () => {
  const meter = new DocumentMeter()
  const chunk = Buffer.alloc(65_536, 'a')
  for (let i = 0; i < 100; i += 1) meter.push(chunk)
  expect(meter.finish()).toEqual({
    sizeBytes: 6_553_600,
    sha256: createHash('sha256').update(Buffer.alloc(6_553_600, 'a')).digest('hex'),
    marks: [],
  })
})
