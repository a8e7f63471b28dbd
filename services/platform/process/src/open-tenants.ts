import type { Logger, Store, Time } from '@samband/kernel'
import { createTenantRegistry, nodeSecrets, nodeTenantFiles, type TenantRegistry } from '@samband/tenants'
import { storeLastGood } from './last-good.ts'

/** Reads the municipalities' files and goes on looking at them; a file that is not in force as it stands is told in the log. */
export async function openTenants(options: {
  readonly folder: string
  /** Where references such as `env:NAME` lead. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly store: Store
  readonly time: Time
  readonly rereadMs: number
  readonly log: Logger
}): Promise<TenantRegistry> {
  const { store, time, rereadMs, log } = options
  const tenants = createTenantRegistry({
    directory: options.folder,
    fs: nodeTenantFiles(),
    secrets: nodeSecrets(options.env),
    time,
    lastGood: storeLastGood(store),
    rereadMs,
    log,
  })
  await tenants.start()
  for (const { file, orgnr, faults } of tenants.problems())
    log.error('a tenant file is not in force as it stands', { file, tenant: orgnr, count: faults.length })
  return tenants
}
