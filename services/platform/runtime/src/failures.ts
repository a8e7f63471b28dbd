import { asHubError, HubError } from '@samband/kernel'
import { ContractError } from '@samband/messages'
import { OpenAttempt, type RunFailure } from './rows.ts'

/** What becomes of a row whose run failed. */
export type Verdict =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly failure: RunFailure; readonly error: HubError }
  | { readonly kind: 'park'; readonly failure: RunFailure; readonly error: HubError }
  /** Credentials refused or destination down: the circuit opens, no attempt is spent. */
  | { readonly kind: 'pause'; readonly failure: RunFailure; readonly error: HubError }

/** What the verdict depends on besides the error. */
export interface RowHistory {
  readonly handler: string
  readonly runs: number
  readonly defects: number
  /** Wall milliseconds since the row began to fail; 0 when this is the first time. */
  readonly failingForMs: number
  readonly giveUpAfterMs: number
  /** The run got evidence before it failed. */
  readonly madeProgress: boolean
}

const MOST_DEFECTS = 5
const FIRST_DELAY_MS = 1_000
/** Whoever asks for more is asked again after a day. */
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60_000
const LONGEST_DELAY_MS = 15 * 60_000

/** Exponential backoff with full jitter above half: 1 s, 2 s, 4 s … 15 min. */
export function backoffMs(runs: number, fraction: number): number {
  const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(runs, 20))
  return Math.round(fullMs / 2 + (fullMs / 2) * fraction)
}

/** The HubError for whatever was thrown. Anything that is not one is a defect of ours. */
export function toHubError(error: unknown): { readonly error: HubError; readonly defect: boolean } {
  const known = asHubError(error)
  if (known !== undefined) return { error: known, defect: false }
  if (error instanceof ContractError) {
    return {
      error: new HubError(error.code, 'permanent', error.message, { path: error.details.path, cause: error }),
      defect: false,
    }
  }
  if (error instanceof OpenAttempt) {
    return {
      error: new HubError(
        'EFFECT_UTFALL_UKJENT',
        'unknown-outcome',
        'The handler ended although an attempt has no answer; the destination is asked.',
        { cause: error },
      ),
      defect: false,
    }
  }
  const kind = error instanceof Error ? error.name : typeof error
  return {
    error: new HubError(
      'RUNTIME_FEIL_I_PROGRAMMET',
      'transient',
      `A defect in the program (${kind}); see the log of that time.`,
      { cause: error },
    ),
    defect: true,
  }
}

/** Decides what becomes of a row: the error's disposition, and how long it has gone on. */
export function judge(thrown: unknown, history: RowHistory, startedAt: number, now: number, fraction: number): Verdict {
  const { error, defect } = toHubError(thrown)
  const failure: RunFailure = {
    startedAt,
    now,
    code: error.code,
    disposition: error.disposition,
    message: error.message,
    fingerprint: [history.handler, error.code, error.details.path ?? ''].join('|'),
    defect,
    counts: error.disposition !== 'paused',
    madeProgress: history.madeProgress,
  }
  if (error.disposition === 'paused') return { kind: 'pause', failure, error }
  if (error.disposition === 'permanent') return { kind: 'park', failure, error }
  if (defect && history.defects + 1 >= MOST_DEFECTS) return { kind: 'park', failure, error }
  if (history.failingForMs >= history.giveUpAfterMs) return { kind: 'park', failure, error }
  const delayMs = Math.max(
    backoffMs(history.runs, fraction),
    Math.min(LONGEST_RETRY_AFTER_MS, error.details.retryAfterMs ?? 0),
  )
  const waitMs =
    error.disposition === 'unknown-outcome' && error.details.retryAfterMs !== undefined
      ? Math.min(delayMs, error.details.retryAfterMs)
      : delayMs
  return { kind: 'wait', delayMs: waitMs, failure, error }
}
