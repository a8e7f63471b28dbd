import { asHubError, type Clock, type Logger, type Store } from '@samband/kernel'
import { raiseAlarm } from './alarms.ts'

/** After so many failures in a row the work counts as standing still. */
const MOST_FAILURES = 5

interface Standing {
  failures: number
  code: string
  /** The alarm is in the store. */
  told: boolean
}

/**
 * Watches work that repeats itself for as long as the process lives. A failure is logged with its code and tried again; several in a row are an
 * alarm, and make the runtime unready until the work succeeds: nothing stands still without a word.
 */
export class Standstills {
  readonly #standing = new Map<string, Standing>()
  readonly #around: { readonly store: Store; readonly clock: Clock; readonly log: Logger }

  constructor(around: { readonly store: Store; readonly clock: Clock; readonly log: Logger }) {
    this.#around = around
  }

  /** The work was done, or there was none. */
  worked(work: string): void {
    const standing = this.#standing.get(work)
    if (standing === undefined) return
    this.#standing.delete(work)
    if (standing.failures >= MOST_FAILURES) this.#around.log.info('work that stood still goes on', { op: work })
  }

  failed(work: string, error: unknown): void {
    const code = codeOf(error)
    const standing = this.#standing.get(work) ?? { failures: 0, code, told: false }
    this.#standing.set(work, standing)
    standing.failures += 1
    standing.code = code
    const fields = { op: work, code, count: standing.failures }
    if (standing.failures < MOST_FAILURES)
      this.#around.log.warn('work of the runtime failed; it is tried again', fields)
    else this.#tell(work, standing, fields)
  }

  /** Why the runtime is not ready. */
  unready(): string[] {
    return [...this.#standing]
      .filter(([, standing]) => standing.failures >= MOST_FAILURES)
      .map(([work, { failures, code }]) => `${work} has failed ${failures} times in a row: ${code}`)
  }

  #tell(work: string, standing: Standing, fields: { readonly op: string; readonly code: string }): void {
    const { store, clock, log } = this.#around
    log.error('work of the runtime stands still; it is tried again', fields)
    if (standing.told) return
    standing.told = true
    const alarm = {
      kind: 'standstill' as const,
      at: clock.now(),
      sentence: `${work} fails again and again (${fields.code}): nothing of it goes on. Look at the log, the disk and the store.`,
    }
    void store
      .transaction('runtime.alarm', (tx) => raiseAlarm(tx, alarm))
      .catch(() => {
        standing.told = false
      })
  }
}

/** The code of an error of ours, else its kind. */
export function codeOf(error: unknown): string {
  return asHubError(error)?.code ?? (error instanceof Error ? error.name : 'defect')
}
