export type { PostgresDisk, PostgresDisks } from './postgres-disk.ts'
export { createPostgresDisk } from './postgres-disk.ts'
export { schemaUnderTest } from './postgres-under-test.ts'
export { openSyncSession } from './sync-session.ts'
