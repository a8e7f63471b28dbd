import { expect, test } from 'vitest'
import type { MultipartContent } from './multipart.ts'
import { multipartBody } from './multipart.ts'

function aBody(part: Partial<MultipartContent> = {}): MultipartContent {
  return { boundary: 'B', json: '{"tittel":"x"}', documents: [], beforeEnd: () => undefined, ...part }
}

function aDocument(filnavn: string, ...pieces: string[]) {
  return {
    filnavn,
    mimeType: 'application/pdf',
    sizeBytes: Buffer.byteLength(pieces.join('')),
    open: async () =>
      (async function* () {
        for (const piece of pieces) yield Buffer.from(piece)
      })(),
  }
}

async function textOf(content: MultipartContent): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of multipartBody(content)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

test('the forsendelse comes first, then the documents in order', async () => {
  const text = await textOf(aBody({ documents: [aDocument('b.pdf', '1', '2'), aDocument('a.pdf', '3')] }))
  expect(text).toBe(
    [
      '--B',
      'Content-Disposition: form-data; name="forsendelse"',
      'Content-Type: application/json; charset=UTF-8',
      '',
      '{"tittel":"x"}',
      '--B',
      'Content-Disposition: form-data; name="filer_0"; filename="b.pdf"',
      'Content-Type: application/pdf',
      '',
      '12',
      '--B',
      'Content-Disposition: form-data; name="filer_1"; filename="a.pdf"',
      'Content-Type: application/pdf',
      '',
      '3',
      '--B--',
      '',
    ].join('\r\n'),
  )
})

test('a name beyond ASCII is told twice, plainly and in full', async () => {
  const text = await textOf(aBody({ documents: [aDocument("brev (æøå) 'x'.pdf", '1')] }))
  expect(text).toContain(
    `filename="brev (___) 'x'.pdf"; filename*=UTF-8''brev%20%28%C3%A6%C3%B8%C3%A5%29%20%27x%27.pdf`,
  )
})

test('the closing boundary is held back until the last question is answered', async () => {
  const body = multipartBody(
    aBody({
      documents: [aDocument('a.pdf', '1')],
      beforeEnd: () => {
        throw new Error('the lease is lost')
      },
    }),
  )
  let sent = ''
  const reading = (async () => {
    for await (const piece of body) sent += Buffer.from(piece).toString()
  })()
  await expect(reading).rejects.toThrow('the lease is lost')
  expect(sent).toMatch(/\r\n1\r\n$/)
  expect(sent).not.toContain('--B--')
})

test('a document of another length than said never makes a complete body', async () => {
  const content = aBody({ documents: [{ ...aDocument('a.pdf', '12'), sizeBytes: 3 }] })
  await expect(textOf(content)).rejects.toMatchObject({ code: 'SVARUT_DOKUMENT_ENDRET', disposition: 'permanent' })
})

test('a document is opened only when its turn comes', async () => {
  const opened: string[] = []
  const watched = (name: string) => ({
    ...aDocument(name, '1'),
    open: () => {
      opened.push(name)
      return aDocument(name, '1').open()
    },
  })
  const body = multipartBody(aBody({ documents: [watched('a.pdf'), watched('b.pdf')] }))
  await body.next()
  expect(opened).toEqual([])
  await body.next()
  await body.next()
  expect(opened).toEqual(['a.pdf'])
  await body.return(undefined)
})
