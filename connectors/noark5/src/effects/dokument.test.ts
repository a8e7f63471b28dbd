import { describe, expect, test } from 'vitest'
import { arkivdokumenter, dokumentDiscriminator } from './dokument.ts'
import { Piecewise } from './piecewise.ts'

const document = (ref: string, sha256: string) => ({ ref, sha256, sizeBytes: 1 })

describe('the documents of a letter', () => {
  test('are H for the first and V for the rest, and equal ones are counted', () => {
    const filed = arkivdokumenter([document('a', 'x'), document('b', 'y'), document('c', 'x')])
    expect(filed.map(({ rolle }) => rolle)).toEqual(['H', 'V', 'V'])
    expect(filed.map(dokumentDiscriminator)).toEqual(['x#1', 'y#1', 'x#2'])
  })

  test('keep their discriminators when another one is put between them', () => {
    const before = arkivdokumenter([document('a', 'x'), document('c', 'z')]).map(dokumentDiscriminator)
    const after = arkivdokumenter([document('a', 'x'), document('b', 'y'), document('c', 'z')]).map(
      dokumentDiscriminator,
    )
    expect(after).toEqual(expect.arrayContaining(before))
  })
})

describe('a stream in pieces', () => {
  async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
    const chunks: Uint8Array[] = []
    for await (const chunk of source) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  function aSource() {
    let opened = 0
    const source = new Piecewise(async () => {
      opened += 1
      return (async function* chunks() {
        for (const text of ['abc', '', 'defgh', 'ij']) yield Buffer.from(text)
      })()
    })
    return { source, opened: () => opened }
  }

  test('is cut at any border, and opened once when it goes on in order', async () => {
    const { source, opened } = aSource()
    const pieces = []
    for (let from = 0; from < 10; from += 4) pieces.push(await textOf(source.bytes(from, Math.min(from + 4, 10))))
    expect(pieces).toEqual(['abcd', 'efgh', 'ij'])
    expect(opened()).toBe(1)
  })

  test('goes back by opening it again, and over what is to be left out', async () => {
    const { source, opened } = aSource()
    expect(await textOf(source.bytes(0, 6))).toBe('abcdef')
    expect(await textOf(source.bytes(2, 5))).toBe('cde')
    expect(await textOf(source.bytes(8, 10))).toBe('ij')
    expect(opened()).toBe(2)
  })

  test('ends early when the source does', async () => {
    expect(await textOf(aSource().source.bytes(8, 20))).toBe('ij')
  })
})
