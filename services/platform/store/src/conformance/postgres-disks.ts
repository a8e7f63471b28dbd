export type { PostgresDisk, PostgresDisks } from './postgres-disk.ts'
export { createPostgresDisk } from './postgres-disk.ts'
export { openSyncSession } from './sync-session.ts'
