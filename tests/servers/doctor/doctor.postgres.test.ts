import { createTestIds, createVirtualTime } from '@samband/runtime/testing'
import { openPostgres } from '@samband/store/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { dropSchema, runSql } from '../../../services/platform/store/src/conformance/postgres-under-test.ts'
import { schemaForTest, withPostgres } from '../../support/servers/postgres.ts'
import { examine } from './examine.ts'

const ABOUT = /^(SAMBAND_POSTGRES|fsync|synchronous_commit|full_page_writes|databasen)/

await withPostgres('the doctor and PostgreSQL', ({ url }) => {
  const sql = (text: string) => runSql(url, text)

  /** A schema's name, and what removes it again. */
  function schema(): string {
    const name = schemaForTest()
    onTestFinished(() => dropSchema(url, name))
    return name
  }

  /** A user without more rights than these, and the address it logs in with. */
  async function user(rights: readonly string[] = []): Promise<{ readonly name: string; readonly url: string }> {
    const name = schemaForTest()
    await sql(`CREATE USER ${name} PASSWORD 'hunter2'; ${rights.map((one) => `${one};`).join(' ')}`)
    onTestFinished(async () => {
      await sql(`DROP OWNED BY ${name} CASCADE; DROP USER ${name}`)
    })
    const address = new URL(url)
    address.username = name
    address.password = 'hunter2'
    return { name, url: String(address) }
  }

  const found = (env: Record<string, string>, args: readonly string[] = []) =>
    examine(ABOUT, { SAMBAND_POSTGRES_URL: url, SAMBAND_POSTGRES_POOL: '2', ...env }, args)

  test('a schema that is there and one that will be made are in order, and nothing is made', async () => {
    const name = schema()
    const before = await found({ SAMBAND_POSTGRES_SCHEMA: name })
    expect(before.filter((line) => line.startsWith('fault'))).toEqual([])
    expect(before).toContain(`ok SAMBAND_POSTGRES_SCHEMA: Skjemaet ${name} lages ved første start.`)
    expect(await found({ SAMBAND_POSTGRES_SCHEMA: name })).toEqual(before)
    const settings = { url, schema: name }
    const { store } = await openPostgres({ settings, time: createVirtualTime(), ids: createTestIds() })
    await store.close()
    expect(await found({ SAMBAND_POSTGRES_SCHEMA: name })).toContain(
      `ok SAMBAND_POSTGRES_SCHEMA: Skjemaet ${name} er vårt, og er som denne utgaven vil ha det.`,
    )
  })

  test('a schema of a newer release, one of somebody else, and one that may not be made are faults', async () => {
    const newer = schema()
    const settings = { url, schema: newer }
    const { store } = await openPostgres({ settings, time: createVirtualTime(), ids: createTestIds() })
    await store.close()
    await sql(`INSERT INTO ${newer}.migration (name, digest) VALUES ('9999_later', 'x')`)
    expect(await found({ SAMBAND_POSTGRES_SCHEMA: newer })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_POSTGRES_SCHEMA: .*nyere utgave \(9999_later\)/),
    )
    const stranger = await user()
    expect(await found({ SAMBAND_POSTGRES_URL: stranger.url, SAMBAND_POSTGRES_SCHEMA: newer })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_POSTGRES_SCHEMA: .*eies av en annen/),
    )
    expect(await found({ SAMBAND_POSTGRES_URL: stranger.url, SAMBAND_POSTGRES_SCHEMA: schema() })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_POSTGRES_SCHEMA: .*får ikke lage det/),
    )
  })

  test('a user whose sessions acknowledge what is not on disk, or may only read, is a fault', async () => {
    const lax = await user()
    await sql(`ALTER USER ${lax.name} SET synchronous_commit = off`)
    expect(await found({ SAMBAND_POSTGRES_URL: lax.url, SAMBAND_POSTGRES_SCHEMA: schema() })).toContainEqual(
      expect.stringMatching(/^fault synchronous_commit: synchronous_commit=off/),
    )
    await sql(`ALTER USER ${lax.name} RESET ALL; ALTER USER ${lax.name} SET default_transaction_read_only = on`)
    expect(await found({ SAMBAND_POSTGRES_URL: lax.url, SAMBAND_POSTGRES_SCHEMA: schema() })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_POSTGRES_URL: Sesjonen kan bare lese/),
    )
  })

  test('more connections than the server has are a fault', async () => {
    const env = { SAMBAND_POSTGRES_POOL: '100', SAMBAND_POSTGRES_SCHEMA: schema() }
    expect(await found(env, ['--processes', '50'])).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_POSTGRES_POOL: For få forbindelser: 50 prosesser trenger 5000/),
    )
  })

  test('a database that is not there, and a schema that is no name, are faults', async () => {
    const address = new URL(url)
    address.pathname = '/nosuchdatabase'
    expect(await found({ SAMBAND_POSTGRES_URL: String(address) })).toEqual([
      expect.stringMatching(/^fault SAMBAND_POSTGRES_URL: .*does not exist on the server/),
    ])
    expect(await found({ SAMBAND_POSTGRES_SCHEMA: 'Sam-band' })).toEqual([
      expect.stringMatching(/^fault SAMBAND_POSTGRES_SCHEMA: /),
    ])
  })
})
