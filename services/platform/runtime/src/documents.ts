import type { Json, Tx } from '@samband/kernel'

/** State of a service: one JSON document per (collection, id). A collection belongs to one service, whose name it begins with. */
export interface Documents {
  /** Reads what is committed. */
  get<Body extends Json>(collection: string, id: string): Promise<Body | undefined>
  /** Writes with the end of the run. `dueAt` (wall milliseconds) puts it on the list of a poller; `undefined` takes it off. */
  put(collection: string, id: string, body: Json, options?: { readonly dueAt?: number }): void
}

/** A document to be written. */
export interface DocumentWrite {
  readonly collection: string
  readonly id: string
  readonly tenant: string
  readonly acceptedId: string | undefined
  readonly body: Json
  readonly dueAt: number | undefined
}

/** A document as read, with its version. */
export interface StoredDocument<Body extends Json = Json> {
  readonly id: string
  readonly tenant: string
  readonly acceptedId: string | undefined
  readonly body: Body
  readonly version: number
}

interface DocumentRow {
  id: string
  tenant: string
  accepted_id: string | null
  body: string
  version: number
}

function toDocument<Body extends Json>(row: DocumentRow): StoredDocument<Body> {
  return {
    id: row.id,
    tenant: row.tenant,
    acceptedId: row.accepted_id ?? undefined,
    body: JSON.parse(row.body) as Body,
    version: row.version,
  }
}

/** Writes a document, whatever stood there. */
export async function putDocument(tx: Tx, write: DocumentWrite): Promise<void> {
  await tx.run(
    `INSERT INTO document (collection, id, tenant, accepted_id, body, version, due_at) VALUES (?, ?, ?, ?, ?, 1, ?)
     ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body, version = document.version + 1, due_at = excluded.due_at`,
    write.collection,
    write.id,
    write.tenant,
    write.acceptedId ?? null,
    JSON.stringify(write.body),
    write.dueAt ?? null,
  )
}

/** Writes a document only if nobody has written it since `version` was read. */
export async function replaceDocument(tx: Tx, write: DocumentWrite, version: number): Promise<boolean> {
  const changed = await tx.run(
    'UPDATE document SET body = ?, version = version + 1, due_at = ? WHERE collection = ? AND id = ? AND version = ?',
    JSON.stringify(write.body),
    write.dueAt ?? null,
    write.collection,
    write.id,
    version,
  )
  return changed === 1
}

/** One document, or `undefined`. */
export async function getDocument<Body extends Json>(
  tx: Tx,
  collection: string,
  id: string,
): Promise<StoredDocument<Body> | undefined> {
  const row = await tx.one<DocumentRow>(
    'SELECT id, tenant, accepted_id, body, version FROM document WHERE collection = ? AND id = ?',
    collection,
    id,
  )
  return row === undefined ? undefined : toDocument<Body>(row)
}

/** Documents of a collection that are due, the longest waiting first. */
export async function dueDocuments<Body extends Json>(
  tx: Tx,
  collection: string,
  now: number,
  limit: number,
): Promise<StoredDocument<Body>[]> {
  const rows = await tx.all<DocumentRow>(
    'SELECT id, tenant, accepted_id, body, version FROM document WHERE collection = ? AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?',
    collection,
    now,
    limit,
  )
  return rows.map((row) => toDocument<Body>(row))
}

/** Documents of a collection that serve one accepted id. */
export async function documentsOf<Body extends Json>(
  tx: Tx,
  collection: string,
  acceptedId: string,
): Promise<StoredDocument<Body>[]> {
  const rows = await tx.all<DocumentRow>(
    'SELECT id, tenant, accepted_id, body, version FROM document WHERE accepted_id = ? AND collection = ? ORDER BY id',
    acceptedId,
    collection,
  )
  return rows.map((row) => toDocument<Body>(row))
}

/** When the next document of a collection is due, wall milliseconds. */
export async function nextDue(tx: Tx, collection: string): Promise<number | undefined> {
  const row = await tx.one<{ due: number | null }>(
    'SELECT MIN(due_at) AS due FROM document WHERE collection = ? AND due_at IS NOT NULL',
    collection,
  )
  return row?.due ?? undefined
}
