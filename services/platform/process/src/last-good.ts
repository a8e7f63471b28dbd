import type { Store } from '@samband/kernel'
import type { LastGood } from '@samband/tenants'

const FILE = 'tenant-file '
const KEYS = 'tenant-keys '

/**
 * Keeps the last accepted text of each tenant file in the store, so that it stays in force over a restart, and which keys each municipality was first accepted
 * with, for all processes on that store.
 */
export function storeLastGood(store: Store): LastGood {
  async function load(prefix: string): Promise<Record<string, string>> {
    const rows = await store.read('tenants.load', (tx) =>
      tx.all<{ name: string; value: string }>('SELECT name, value FROM meta WHERE name LIKE ?', `${prefix}%`),
    )
    return Object.fromEntries(rows.map((row) => [row.name.slice(prefix.length), row.value]))
  }

  return {
    load: () => load(FILE),
    keys: () => load(KEYS),
    keepKeys: (orgnr, keys) =>
      store.transaction('tenants.keys', async (tx) => {
        await tx.run('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', KEYS + orgnr, keys)
        const row = await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', KEYS + orgnr)
        return row?.value ?? keys
      }),
    async save(orgnr, yamlText) {
      await store.transaction('tenants.save', (tx) =>
        tx.run(
          'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          FILE + orgnr,
          yamlText,
        ),
      )
    },
  }
}
