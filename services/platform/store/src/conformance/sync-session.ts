import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { SqlRow, SqlValue } from '@samband/kernel'

/** What the thread answers. */
export type SyncAnswer = { readonly rows: SqlRow[] } | { readonly error: string }

/** A session that answers at once, as SQLite does, so that tests written for one look at the other in the same way. */
export interface SyncSession {
  all(sql: string, params?: readonly SqlValue[]): SqlRow[]
  end(): Promise<void>
}

const LONGEST_WAIT_MS = 30_000

/** Opens a session of its own in another thread; this one stands still until the answer is there. */
export function openSyncSession(url: string): SyncSession {
  const { port1: mine, port2: its } = new MessageChannel()
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(new URL('sync-session-thread.ts', import.meta.url), {
    workerData: { url, port: its, answered },
    transferList: [its],
    execArgv: ['--no-warnings'],
  })
  thread.unref()
  mine.unref()
  return {
    all(sql, params = []) {
      Atomics.store(answered, 0, 0)
      mine.postMessage({ sql, params })
      if (Atomics.wait(answered, 0, 0, LONGEST_WAIT_MS) === 'timed-out') throw new Error(`no answer to ${sql}`)
      const answer = receiveMessageOnPort(mine)?.message as SyncAnswer
      if ('error' in answer) throw new Error(`${answer.error}: ${sql}`)
      return answer.rows
    },
    async end() {
      await thread.terminate()
    },
  }
}
