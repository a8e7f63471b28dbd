import { schemaUnderTest } from '@samband/store/conformance/postgres'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import { completionOf } from './completion.ts'

await withPostgres('how letters ended, read from PostgreSQL', ({ url }) => {
  test.each([1, 20, 401])('%i letters that nobody knows are under way', async (count) => {
    const store = await schemaUnderTest(url).open()
    const ids = Array.from({ length: count }, (_, number) => `letter-${number}`)

    expect(new Set((await completionOf(store)(ids)).values())).toEqual(new Set(['under-way']))
  })
})
