import { causeId, isoInstant, type Json, type Store } from '@samband/kernel'
import type { EventDefinition } from '@samband/messages'
import { type DocumentWrite, putDocument } from './documents.ts'
import { writeEvent } from './outbox.ts'

/** What is about to be answered with a 2xx. */
export interface Acceptance {
  readonly tenant: string
  /** From `acceptedIdOf`, so that a client's repeat after a restore leads to the same effects (A5). */
  readonly acceptedId: string
  readonly eksternReferanse: string
  readonly klientId: string
  /** Digest of everything the client gave; another digest under the same reference is a conflict. */
  readonly contentDigest: string
  readonly definition: EventDefinition<unknown, never>
  readonly data: unknown
  readonly source: string
  readonly traceparent: string | undefined
  /** State of the accepting service, written with the ledger. */
  readonly documents: readonly { readonly collection: string; readonly id: string; readonly body: Json }[]
  readonly now: number
}

/** How an acceptance ended. Only after `accepted` and `repeated` may a 2xx leave. */
export type AcceptanceOutcome = 'accepted' | 'repeated' | 'conflict'

/** The id under which something from a client is known: from tenant and the client's own reference (R4). */
export function acceptedIdOf(tenant: string, eksternReferanse: string): string {
  return causeId('accepted', tenant, eksternReferanse)
}

/** Ledger, state and outbox row in one transaction (R2). Safe to repeat. */
export async function accept(store: Store, acceptance: Acceptance): Promise<AcceptanceOutcome> {
  return store.transaction('runtime.accept', async (tx) => {
    const added = await tx.run(
      `INSERT INTO ledger (accepted_id, tenant, ekstern_referanse, content_digest, klient_id, accepted_at, accepted_day) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      acceptance.acceptedId,
      acceptance.tenant,
      acceptance.eksternReferanse,
      acceptance.contentDigest,
      acceptance.klientId,
      acceptance.now,
      isoInstant(acceptance.now).slice(0, 10),
    )
    if (added === 0) {
      const known = await tx.one<{ content_digest: string }>(
        'SELECT content_digest FROM ledger WHERE accepted_id = ?',
        acceptance.acceptedId,
      )
      return known?.content_digest === acceptance.contentDigest ? 'repeated' : 'conflict'
    }
    for (const document of acceptance.documents) {
      const write: DocumentWrite = {
        ...document,
        tenant: acceptance.tenant,
        acceptedId: acceptance.acceptedId,
        dueAt: undefined,
      }
      await putDocument(tx, write)
    }
    await writeEvent(tx, {
      id: causeId('accepted-event', acceptance.acceptedId),
      definition: acceptance.definition,
      data: acceptance.data,
      source: acceptance.source,
      subject: acceptance.acceptedId,
      tenant: acceptance.tenant,
      correlationId: acceptance.acceptedId,
      causationId: undefined,
      traceparent: acceptance.traceparent,
      time: acceptance.now,
    })
    return 'accepted'
  })
}

/** What the ledger knows of a reference, without accepting anything. */
export async function readLedger(
  store: Store,
  tenant: string,
  eksternReferanse: string,
): Promise<{ acceptedId: string; contentDigest: string } | undefined> {
  const row = await store.read('runtime.ledger', (tx) =>
    tx.one<{ accepted_id: string; content_digest: string }>(
      'SELECT accepted_id, content_digest FROM ledger WHERE tenant = ? AND ekstern_referanse = ?',
      tenant,
      eksternReferanse,
    ),
  )
  return row === undefined ? undefined : { acceptedId: row.accepted_id, contentDigest: row.content_digest }
}
