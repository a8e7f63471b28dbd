import { HubError } from '@samband/kernel'
import { DatabaseError } from 'pg'

/** SQLSTATE of an error of the server; `undefined` when the error is of the connection. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
const UNIQUE_VIOLATION = '23505'
/** A prepared statement met a table that a newer release has changed meanwhile. */
const PLAN_OUTDATED = '0A000'

/** The connection failed or was refused; the server is shutting down, starting up, or without room for another session. */
const UNREACHABLE = /^(08...|28...|3D000|53300|57P0.)$/

/** Whether the connection is of no use any more: it broke, or the server has said that it ends it. */
export function breaksConnection(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined || /^(08...|57P0.)$/.test(state) || state === PLAN_OUTDATED
}

/** How often work may be run again after an error that says nothing was written. */
export function mostRepeats(error: unknown): 'often' | 'once' | 'never' {
  const state = sqlStateOf(error)
  if (state === SERIALIZATION_FAILURE || state === DEADLOCK) return 'often'
  // May be two transactions that ran side by side: the second run sees the other one's row and decides by it.
  if (state === UNIQUE_VIOLATION || state === PLAN_OUTDATED) return 'once'
  return 'never'
}

/** Whether an error in answer to COMMIT says for certain that nothing was written. */
export function isCertainRefusal(error: unknown): boolean {
  return /^(40|23)/.test(sqlStateOf(error) ?? '')
}

/** By the first two characters of the SQLSTATE: what the server has against us, and where it is to be mended. */
const ACCESS: Readonly<Record<string, string>> = {
  '28': 'The database refuses the user or password of its address (SAMBAND_POSTGRES_URL)',
  '3D': 'The database that its address names (SAMBAND_POSTGRES_URL) does not exist on the server',
  '42': 'The user of the database lacks a right: it must own its schema, or be allowed to make it',
}

/** What a caller is told. Nothing was written. */
export function asStoreError(cause: unknown): HubError {
  if (cause instanceof HubError) return cause
  const state = sqlStateOf(cause)
  if (state === '53100')
    return new HubError(
      'STORE_DISK_FULL',
      'transient',
      'The disk of the store is full: nothing was written. Make room.',
      { cause },
    )
  if (state !== undefined && /^(28...|3D000|42501)$/.test(state))
    return new HubError(
      'STORE_UTILGJENGELIG',
      'transient',
      `${ACCESS[state.slice(0, 2)]} (${state}); nothing was written.`,
      {
        cause,
      },
    )
  if (state === undefined || UNREACHABLE.test(state))
    return new HubError(
      'STORE_UTILGJENGELIG',
      'transient',
      `The database cannot be reached (${state ?? networkCodeOf(cause)}); nothing was written.`,
      { cause },
    )
  if (mostRepeats(cause) === 'often')
    return new HubError(
      'STORE_OPPTATT',
      'transient',
      `Other transactions were in the way each time (${state}); nothing was written.`,
      { cause },
    )
  return new HubError('STORE_FEIL', 'transient', `The store refused the statement (${state}); nothing was written.`, {
    cause,
  })
}

/** The one failure after which nobody knows: the connection broke after COMMIT was sent. */
export function outcomeUnknown(cause: unknown): HubError {
  return new HubError(
    'STORE_UTFALL_UKJENT',
    'transient',
    'The connection broke during the commit: what was to be written may be there, now or in a moment. Look before it is done again.',
    { cause },
  )
}

function networkCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'connection lost'
}
