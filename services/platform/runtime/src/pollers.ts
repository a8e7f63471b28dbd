import { causeId, type Json, type Logger, type Store, sleep, type Time } from '@samband/kernel'
import type { EventDefinition } from '@samband/messages'
import { dueDocuments, replaceDocument, type StoredDocument } from './documents.ts'
import { writeEvent } from './outbox.ts'

/** What a poller found out about one of its documents. */
export interface Finding {
  readonly collection: string
  readonly document: StoredDocument
  readonly body: Json
  /** When to look again, wall milliseconds; `undefined` for never. */
  readonly dueAt: number | undefined
  /** What is to be told; `name` tells the facts of one document apart and makes the event's id (R4). */
  readonly events: readonly {
    readonly definition: EventDefinition<unknown, never>
    readonly data: unknown
    readonly name: string
    readonly source: string
  }[]
}

/** What a poller gets. */
export interface PollerContext {
  due<Body extends Json>(collection: string, limit: number): Promise<StoredDocument<Body>[]>
  /** Document and events in one transaction; left out when somebody has written the document meanwhile. */
  keep(finding: Finding): Promise<boolean>
  now(): number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Work that begins with the clock instead of an event. It only reads outside; running it twice is harmless. */
export interface Poller {
  readonly name: string
  readonly everyMs: number
  poll(context: PollerContext): Promise<void>
}

/** Runs pollers until stopped. */
export function createPollers(options: {
  readonly store: Store
  readonly time: Time
  readonly log: Logger
  readonly pollers: readonly Poller[]
  readonly published: () => void
}) {
  const { store, time } = options
  const stopping = new AbortController()
  let loops: Promise<void>[] = []

  async function keep(finding: Finding): Promise<boolean> {
    const { document } = finding
    const kept = await store.transaction('runtime.poll', async (tx) => {
      const write = {
        collection: finding.collection,
        id: document.id,
        tenant: document.tenant,
        acceptedId: document.acceptedId,
        body: finding.body,
        dueAt: finding.dueAt,
      }
      if (!(await replaceDocument(tx, write, document.version))) return false
      for (const event of finding.events) {
        await writeEvent(tx, {
          id: causeId('polled', finding.collection, document.id, event.name),
          definition: event.definition,
          data: event.data,
          source: event.source,
          subject: document.acceptedId ?? document.id,
          tenant: document.tenant,
          correlationId: document.acceptedId ?? document.id,
          causationId: undefined,
          traceparent: undefined,
          time: time.clock.now(),
        })
      }
      return true
    })
    if (kept && finding.events.length > 0) options.published()
    return kept
  }

  async function run(poller: Poller): Promise<void> {
    const log = options.log.with({ poller: poller.name })
    const context: PollerContext = {
      due: (collection, limit) =>
        store.read('runtime.due', (tx) => dueDocuments(tx, collection, time.clock.now(), limit)),
      keep,
      now: () => time.clock.now(),
      log,
      signal: stopping.signal,
    }
    while (!stopping.signal.aborted) {
      await poller.poll(context).catch((error: unknown) =>
        log.warn('a poll failed; it is repeated', {
          code: error instanceof Error && 'code' in error ? String(error.code) : 'defect',
        }),
      )
      await sleep(time.timers, poller.everyMs, stopping.signal).catch(() => {})
    }
  }

  return {
    start(): void {
      if (loops.length === 0) loops = options.pollers.map(run)
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the process is stopping'))
      await Promise.all(loops)
    },
  }
}
