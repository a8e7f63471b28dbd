import { schemaUnderTest } from '@samband/store/conformance/postgres'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import { storeLastGood } from './last-good.ts'

await withPostgres('tenant files kept on PostgreSQL', ({ url }) => {
  test('the last text of each municipality comes back', async () => {
    const lastGood = storeLastGood(await schemaUnderTest(url).open())
    await lastGood.save('314758625', 'first')
    await lastGood.save('314758625', 'second')

    expect(await lastGood.load()).toEqual({ '314758625': 'second' })
  })
})
