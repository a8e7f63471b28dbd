import { createHash } from 'node:crypto'
import type { Letter } from './letter-rules.ts'
import type { DocumentPart } from './multipart.ts'

/** SvarUt's guard against one letter sent over and over. Thresholds and HTTP status of today are not confirmed. */
export interface RepeatGuardOptions {
  /** How many equal letters are taken before the next is refused. Default 25. */
  readonly times?: number
  /** A combination is free again so long after the last attempt. Default 2 days. */
  readonly windowMs?: number
  /** HTTP status of the refusal. Default 400. */
  readonly status?: number
}

/** Counts attempts with the same konto, title, recipient (address included) and documents. */
export class RepeatGuard {
  readonly #seen = new Map<string, { attempts: number; lastMs: number }>()
  readonly #times: number
  readonly #windowMs: number

  constructor(options: RepeatGuardOptions) {
    this.#times = options.times ?? 25
    this.#windowMs = options.windowMs ?? 172_800_000
  }

  /** Counts one attempt, refused ones too; true when it is to be refused. */
  refuses(kontoId: string, letter: Letter, documents: readonly DocumentPart[], nowMs: number): boolean {
    const parts = [kontoId, letter.tittel, letter.mottaker, documents.map(({ sha256 }) => sha256)]
    const key = createHash('sha256').update(JSON.stringify(parts)).digest('base64')
    const before = this.#seen.get(key)
    const attempts = before === undefined || nowMs - before.lastMs >= this.#windowMs ? 1 : before.attempts + 1
    this.#seen.set(key, { attempts, lastMs: nowMs })
    return attempts > this.#times
  }
}
