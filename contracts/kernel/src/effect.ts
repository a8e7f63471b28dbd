import type { HubError } from './errors.ts'
import type { Json } from './json.ts'

declare const effectKey: unique symbol
/** The business identity of something made outside: a UUIDv5 that the destination gets as id or reference (protocol rule R9). */
export type EffectKey = string & { readonly [effectKey]: true }

/** What a destination can do about a second request with our key (R18). There is no fifth way and no default. */
export type Guarantee =
  /** It refuses a second one with our key; the conflict is the answer "there". */
  | 'unique'
  /** It can be asked whether it is there. */
  | 'probe'
  /** It takes the same key twice and counts it once. */
  | 'receiver-dedupes'
  /** It can neither be asked nor told: an unknown outcome is parked and a person answers. */
  | 'once-or-ask'

/** How long an attempt may be under way; all in milliseconds, measured by stopwatch (R11, R14). */
export interface Timing {
  /** D: the first byte leaves within this time of the moment the intent was asked for, else the attempt is given up. */
  readonly startWithinMs: number
  /** W: how long a request may be on its way and still succeed. */
  readonly inFlightMs: number
  /** G: how long the look-up may lag behind what was accepted. */
  readonly lookUpLagMs: number
}

/** Where a row's effects go; fixed at its first intent, whatever the configuration says later (R19). Ids and addresses only, no secrets. */
export interface BoundDestination {
  /** `svarut`, `noark5`, … */
  readonly system: string
  /** organisasjonsnummer. */
  readonly tenant: string
  readonly baseUrl: string
  /** The account or archive root at the destination, e.g. kontoId. */
  readonly account: string
  /** The user or integration we are known as there. */
  readonly user: string
  readonly timing: Timing
}

/** The answer of a look-up. Not-there only from a well-formed empty answer; everything doubtful is cannot-tell (R13). */
export type ProbeAnswer<Evidence> =
  | { readonly kind: 'there'; readonly evidence: Evidence }
  /** `believeLate`: whether the destination refuses a second one is not known, so that also `unique` waits until nothing can be on its way (R14). */
  | { readonly kind: 'not-there'; readonly believeLate?: true }
  | { readonly kind: 'cannot-tell'; readonly why: HubError }

/** One numbered attempt, whose intent is durable. */
export interface Attempt {
  readonly key: EffectKey
  readonly number: number
  readonly destination: BoundDestination
  /** Aborts when start deadline plus time in flight have passed, or the process drains for good. It ends the wait, not the outcome. */
  readonly signal: AbortSignal
  /**
   * To be called immediately before the first byte leaves. Throws NothingHappened RUNTIME_FOR_SENT_A_STARTE when the start deadline has passed.
   * May be called again before the byte that completes the request (A1): it then throws, unknown-outcome, when the time in flight is over
   * or the lease is known to be lost.
   */
  start(): void
}

/**
 * Something that changes the outside world. `Input` is plain JSON without personal data (references into the payload store instead):
 * its digest is kept with the intent, and another input for the same key parks the row (R20).
 */
export interface Effect<Input extends Json, Prepared, Evidence extends Json> {
  /** Declared at the handler; never renamed without an alias (R21). */
  readonly name: string
  readonly aliases?: readonly string[]
  readonly guarantee: Guarantee
  /** The business id of the thing made, e.g. the forsendelseId. */
  subject(input: Input): string
  /** From content: recipient, SHA-256; never an index, an attempt or a time. */
  discriminator(input: Input): string
  /** The part of the input that may not change for a key (R20); left out means all of it. For things shared by several rows, their identity. */
  fixed?(input: Input): Json
  /** Slow, repeatable, changes nothing outside: token, payload, connection. */
  prepare(key: EffectKey, input: Input, to: BoundDestination, signal: AbortSignal): Promise<Prepared>
  /** Exactly one changing request. The runtime has just committed the intent. */
  act(prepared: Prepared, attempt: Attempt): Promise<Evidence>
  /** What identifies the thing made: two evidences of one key with different identity are a doubled effect (R16). Left out: all of it. */
  identity?(evidence: Evidence): string
  /** True when the evidence says that nothing was made: there was nothing to make, or what was wanted stood there before. Left out: something always was. */
  madeNothing?(evidence: Evidence): boolean
  /** True when the evidence itself shows that the thing was made more than once, e.g. a look-up with two hits. */
  doubled?(evidence: Evidence): boolean
  /**
   * For evidence that a person gives: the member that does not fit or is missing (`''` for the whole), `undefined` when it is as `act` would
   * have returned it. Left out: any object will do.
   */
  evidenceFault?(given: Json): string | undefined
  /** False where `probe` asks at the address of the thing itself instead of searching: then the control of R13 says nothing. Left out means true. */
  readonly searches?: boolean
  /**
   * Obliged for `unique` and `probe`. Not-there says as well that what the handler does after it was not done: where there is nothing to make, the answer is
   * there, with evidence that says so (R27).
   */
  probe?(key: EffectKey, input: Input, to: BoundDestination, signal: AbortSignal): Promise<ProbeAnswer<Evidence>>
}

/** Inside a handler; resolves only with durable evidence. */
export type RunEffect = <Input extends Json, Prepared, Evidence extends Json>(
  effect: Effect<Input, Prepared, Evidence>,
  input: Input,
) => Promise<Evidence>
