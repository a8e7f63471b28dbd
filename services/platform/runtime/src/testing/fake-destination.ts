import {
  type Attempt,
  type BoundDestination,
  type Effect,
  type EffectKey,
  type Guarantee,
  HubError,
  NothingHappened,
  type ProbeAnswer,
  type Time,
  type Timing,
} from '@samband/kernel'

/** What the fake letter effect takes. */
export interface LetterInput {
  readonly [name: string]: string
  readonly letterId: string
  readonly recipient: string
  readonly text: string
}

/** What a destination gives for a letter it took. */
export interface LetterEvidence {
  readonly [name: string]: string | number
  readonly id: string
  readonly hits: number
}

/** A letter that is over there. `boundTo` says where it was sent. */
export interface ReceivedLetter {
  readonly id: string
  readonly key: string
  readonly account: string
  readonly text: string
  readonly atMs: number
}

/** How the next request ends; anything but `accept` is used up by one request. */
export type ActFault =
  /** Certain nothing: no connection. */
  | 'refuse-connection'
  /** A documented refusal of this content. */
  | 'refuse-content'
  /** Our credentials are refused: nothing happened, nobody's fault in the message. */
  | 'refuse-credentials'
  /** 429 with Retry-After one minute: nothing happened. */
  | 'ask-to-wait'
  /** Taken, but the answer does not come back. */
  | 'answer-lost'
  /** Not taken, and no answer either. */
  | 'lost'
  /** 500 once the body was sent; not taken. */
  | 'server-error'
  /** No answer before the wait is aborted; taken `lateMs` after the request began. */
  | { readonly acceptAfterMs: number }
  /** Never an answer, never taken. */
  | 'hang'
  /** A defect inside `act` after the letter was taken. */
  | 'crash-after-accept'

/** How look-ups answer until changed. */
export type ProbeFault = 'none' | 'error' | 'error-body-as-empty' | 'finds-nothing'

/** A destination in memory that counts what really reached it. */
export interface FakeDestination {
  readonly received: readonly ReceivedLetter[]
  /** Requests that reached it, taken or not. */
  readonly requests: readonly string[]
  /** Look-ups that reached it, by key. */
  readonly lookUps: readonly string[]
  /** Faults of the next requests, in order. */
  readonly nextFaults: ActFault[]
  probeFault: ProbeFault
  /** It does not refuse a second one with our key after all, and its look-up says that "not there" is to be believed late. */
  givesItsOwnIds: boolean
  /** How long a letter that was taken stays invisible to look-ups. */
  lookUpLagMs: number
  /** Runs inside `prepare`, before anything else. */
  beforePrepare: () => Promise<void>
  /** Runs inside `act`, before the first byte. */
  beforeFirstByte: () => Promise<void>
  /** What `prepare` throws, until it is cleared. */
  prepareError: Error | undefined
  /** A letter put there by somebody else. */
  plant(key: string, account: string): void
  /** An effect that sends letters here. */
  effect(options?: {
    readonly name?: string
    readonly aliases?: readonly string[]
    readonly guarantee?: Guarantee
    readonly fixed?: (input: LetterInput) => string
    readonly searches?: boolean
    readonly subject?: (input: LetterInput) => string
  }): Effect<LetterInput, string, LetterEvidence>
}

/** D 5 s, W 16 min, G 5 min: as for SvarUt. */
export const TEST_TIMING: Timing = { startWithinMs: 5_000, inFlightMs: 960_000, lookUpLagMs: 300_000 }

/** D + W + G of `TEST_TIMING`. */
export const TEST_WAIT_MS = TEST_TIMING.startWithinMs + TEST_TIMING.inFlightMs + TEST_TIMING.lookUpLagMs

/** Where the tests' effects go. */
export function testDestination(tenant: string, account = 'konto-1'): BoundDestination {
  return { system: 'fake', tenant, baseUrl: 'https://fake.test', account, user: 'samband', timing: TEST_TIMING }
}

/** A destination that lives as long as the test does, whatever happens to the hub. */
export function createFakeDestination(time: Time): FakeDestination {
  const received: ReceivedLetter[] = []
  const requests: string[] = []
  const lookUps: string[] = []

  function take(key: string, account: string, text: string): LetterEvidence {
    const id = `letter-${received.length + 1}`
    received.push({ id, key, account, text, atMs: time.stopwatch.read() })
    return { id, hits: 1 }
  }

  function visible(key: string, account: string): ReceivedLetter[] {
    const now = time.stopwatch.read()
    return received.filter(
      (letter) => letter.key === key && letter.account === account && letter.atMs + fake.lookUpLagMs <= now,
    )
  }

  async function send(text: string, attempt: Attempt, guarantee: Guarantee): Promise<LetterEvidence> {
    const { key, destination } = attempt
    const fault = fake.nextFaults.shift()
    if (fault === 'refuse-connection') throw new NothingHappened('FAKE_UTILGJENGELIG', 'transient', 'No connection.')
    requests.push(key)
    if (fault === 'refuse-content')
      throw new NothingHappened('FAKE_UGYLDIG', 'permanent', 'The text is refused.', { path: 'text' })
    if (fault === 'refuse-credentials')
      throw new NothingHappened('FAKE_AVVIST_TILGANG', 'paused', 'The credentials are refused.')
    if (fault === 'ask-to-wait')
      throw new NothingHappened('FAKE_FOR_MANGE', 'transient', 'Too many requests.', { retryAfterMs: 60_000 })
    if (fault === 'lost') throw new TypeError('socket closed')
    if (fault === 'server-error') throw new HubError('FAKE_FEIL', 'unknown-outcome', 'Status 500.')
    if (fault === 'hang') return aborted(attempt.signal)
    if (typeof fault === 'object') {
      time.timers.after(fault.acceptAfterMs, () => void take(key, destination.account, text))
      return aborted(attempt.signal)
    }
    const known = received.find((letter) => letter.key === key && letter.account === destination.account)
    const evidence =
      known !== undefined && !fake.givesItsOwnIds && (guarantee === 'unique' || guarantee === 'receiver-dedupes')
        ? { id: known.id, hits: 1 }
        : take(key, destination.account, text)
    if (fault === 'answer-lost') throw new HubError('FAKE_UKJENT_UTFALL', 'unknown-outcome', 'No answer.')
    if (fault === 'crash-after-accept') throw new TypeError('cannot read properties of undefined')
    return evidence
  }

  function probe(key: EffectKey, to: BoundDestination): ProbeAnswer<LetterEvidence> {
    lookUps.push(key)
    if (fake.probeFault === 'error')
      throw new HubError('FAKE_UTILGJENGELIG', 'transient', 'The look-up does not answer.')
    if (fake.probeFault === 'error-body-as-empty')
      return {
        kind: 'cannot-tell',
        why: new HubError('FAKE_UVENTET_SVAR', 'unknown-outcome', 'An error body under 200.'),
      }
    const found = fake.probeFault === 'finds-nothing' ? [] : visible(key, to.account)
    const [first] = found
    return first === undefined
      ? { kind: 'not-there', ...(fake.givesItsOwnIds ? { believeLate: true } : {}) }
      : { kind: 'there', evidence: { id: first.id, hits: found.length } }
  }

  const fake: FakeDestination = {
    received,
    requests,
    lookUps,
    nextFaults: [],
    probeFault: 'none',
    givesItsOwnIds: false,
    lookUpLagMs: 0,
    beforePrepare: nothing,
    beforeFirstByte: nothing,
    prepareError: undefined,
    plant: (key, account) => void take(key, account, 'planted'),
    effect({ name = 'fake.send', aliases, guarantee = 'probe', fixed, searches, subject } = {}) {
      const asked = guarantee === 'probe' || guarantee === 'unique'
      return {
        name,
        ...(aliases === undefined ? {} : { aliases }),
        guarantee,
        subject: subject ?? ((input) => input.letterId),
        discriminator: (input) => input.recipient,
        ...(fixed === undefined ? {} : { fixed }),
        ...(searches === undefined ? {} : { searches }),
        async prepare(_key, input) {
          await fake.beforePrepare()
          if (fake.prepareError !== undefined) throw fake.prepareError
          return input.text
        },
        async act(text, attempt) {
          await fake.beforeFirstByte()
          attempt.start()
          return send(text, attempt, guarantee)
        },
        identity: (evidence) => evidence.id,
        doubled: (evidence) => evidence.hits > 1,
        ...(asked
          ? { probe: async (key: EffectKey, _input: LetterInput, to: BoundDestination) => probe(key, to) }
          : {}),
      }
    },
  }
  return fake
}

/** The hooks of a destination that behaves. */
const nothing = async (): Promise<void> => undefined

/** Waits until the sender gives up; the outcome stays unknown. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () => reject(new HubError('FAKE_UKJENT_UTFALL', 'unknown-outcome', 'No answer within the time.'))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
  })
}
