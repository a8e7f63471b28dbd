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

  test('of two processes that take a municipality up with different keys, both hear which ones count', async () => {
    const schema = schemaUnderTest(url)
    const [one, two] = [storeLastGood(await schema.open()), storeLastGood(await schema.open())]
    const heard = await Promise.all([
      one.keepKeys('314758625', 'payloadKey=a'),
      two.keepKeys('314758625', 'payloadKey=b'),
    ])

    expect(heard[0]).toBe(heard[1])
    expect(await one.keys()).toEqual({ '314758625': heard[0] })
    expect(await two.keepKeys('314758625', 'payloadKey=c')).toBe(heard[0])
    expect(await one.load()).toEqual({})
  })
})
