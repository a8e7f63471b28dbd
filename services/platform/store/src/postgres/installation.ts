import { HubError, type IdSource, type Time } from '@samband/kernel'
import { readPostgresMigrations } from '../migrations.ts'
import { connect, type Watch } from './connection.ts'
import { asStoreError } from './errors.ts'
import { keepLineage, type LineageReport, readLineage } from './lineage.ts'
import { migratePostgres } from './migrate.ts'
import { createPostgresStore, type PostgresStore } from './postgres-store.ts'
import { completeSettings, type PostgresSettings } from './settings.ts'

/** The store of one installation on a PostgreSQL server. */
export interface PostgresInstallation {
  readonly store: PostgresStore
  readonly report: LineageReport
}

/** What opening needs. */
export interface OpenPostgresOptions {
  readonly settings: PostgresSettings
  readonly time: Time
  readonly ids: Pick<IdSource, 'fraction'>
  /** Told once, when a new session is on another history than the store was opened on: the process has to start anew. */
  readonly onBroken?: (error: Error) => void
  /** Told while another process brings the schema up to date: at once, and every half minute until it is this one's turn. */
  readonly onMigrationWait?: () => void
  /** Told of every wait for the server. */
  readonly watch?: Watch
}

/** For one statement of a step of the schema, and for waiting while another replica applies one. */
const LONGEST_STEP_MS = 60 * 60_000

/**
 * Opens the store in its schema, which is made and brought up to date first. Distrust is stamped when the database has been restored or
 * has failed over since the store was last opened (R27). A change while the store is open makes it unusable: what is running still
 * trusts it.
 * @throws HubError STORE_UTILGJENGELIG (transient) when the server cannot be reached
 * @throws Error when the schema is newer than this program, or a step of it was edited
 */
export async function openPostgres(options: OpenPostgresOptions): Promise<PostgresInstallation> {
  const settings = completeSettings(options.settings)
  const patient = { ...settings, statementTimeoutMs: LONGEST_STEP_MS }
  const first = await connect(patient, options.watch ?? (() => {})).catch((error: unknown) => {
    throw asStoreError(error)
  })
  let lineage: string
  let report: LineageReport
  try {
    lineage = await readLineage(first)
    await migratePostgres(first, settings.schema, readPostgresMigrations(), {
      timers: options.time.timers,
      waiting: options.onMigrationWait ?? (() => {}),
    })
    report = await keepLineage(first, lineage, options.time.clock)
  } finally {
    if (first.lost) first.destroy()
    else await first.end()
  }
  let broken: HubError | undefined
  const store = createPostgresStore({
    settings,
    timers: options.time.timers,
    ids: options.ids,
    ...(options.watch === undefined ? {} : { watch: options.watch }),
    async inspect(connection) {
      if (broken === undefined && (await readLineage(connection)) !== lineage) {
        broken = otherHistory()
        options.onBroken?.(broken)
      }
      if (broken !== undefined) throw broken
    },
  })
  return { store, report }
}

function otherHistory(): HubError {
  return new HubError(
    'STORE_UBRUKELIG',
    'transient',
    'The database was restored or has failed over while the hub was running: the hub must be started anew, and asks before it sends.',
  )
}
