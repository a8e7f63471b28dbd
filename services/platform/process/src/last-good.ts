import type { Store } from '@samband/kernel'
import type { LastGood } from '@samband/tenants'

const PREFIX = 'tenant-file '

/** Keeps the last accepted text of each tenant file in the store, so that it stays in force over a restart. */
export function storeLastGood(store: Store): LastGood {
  return {
    async load() {
      const rows = await store.read('tenants.load', (tx) =>
        tx.all<{ name: string; value: string }>('SELECT name, value FROM meta WHERE name LIKE ?', `${PREFIX}%`),
      )
      return Object.fromEntries(rows.map((row) => [row.name.slice(PREFIX.length), row.value]))
    },
    async save(orgnr, yamlText) {
      await store.transaction('tenants.save', (tx) =>
        tx.run(
          'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          `${PREFIX}${orgnr}`,
          yamlText,
        ),
      )
    },
  }
}
