import { createNoark5Effects } from '@samband/noark5'
import type { HandlerContext } from '@samband/runtime'
import { expect, test } from 'vitest'
import { createEkspederHandler } from './ekspeder-journalpost.ts'

test('a letter that was sent waits for its journalpost to be known, as after a restore under a newer log', async () => {
  const handler = createEkspederHandler(createNoark5Effects({} as never))
  const context = { documents: { get: async () => undefined } } as unknown as HandlerContext
  const sendt = { forsendelseId: '2da0bb3c-53d8-5002-9e76-fe655ca62856', journalpostSystemId: 'j-1' }

  await expect(handler.handle(sendt as never, context)).rejects.toMatchObject({
    code: 'JOURNAL_UKJENT_JOURNALPOST',
    disposition: 'transient',
  })
})
