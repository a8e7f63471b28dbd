/** What the runtime does with the message that failed. */
export type Disposition =
  /** Nothing happened over there: again later. */
  | 'transient'
  /** Cannot succeed as it stands: parked, with the reason. */
  | 'permanent'
  /** It may have happened: ask over there before doing it again. */
  | 'unknown-outcome'
  /** Nobody's fault in the message (credentials refused, destination down): wait, spend no attempt. */
  | 'paused'

/** Facts about an error that code may act on; never personal data. */
export interface ErrorDetails {
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number
  /** The field at fault, as the sender spells it. */
  readonly path?: string
}

/**
 * Every error that crosses a package border. Recognised by `code`, never by message text.
 * The message says what was expected, what came and what to do; it holds ids, never personal data.
 */
export class HubError extends Error {
  override readonly name: string = 'HubError'
  /** `<SYSTEM>_<WHAT>`, listed in `error-codes.ts`, never reused. */
  readonly code: string
  readonly disposition: Disposition
  readonly details: ErrorDetails

  constructor(
    code: string,
    disposition: Disposition,
    message: string,
    { cause, ...details }: ErrorDetails & ErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.disposition = disposition
    this.details = details
  }
}

/**
 * The only error of an effect's `act` that closes its attempt: it is certain that nothing happened over there
 * (refused connection, documented refusal, stopped before the first byte). Protocol rule R12.
 */
export class NothingHappened extends HubError {
  override readonly name: string = 'NothingHappened'
}

/** The HubError that `error` is, or `undefined` when it is a defect (any other thrown value). */
export function asHubError(error: unknown): HubError | undefined {
  return error instanceof HubError ? error : undefined
}
