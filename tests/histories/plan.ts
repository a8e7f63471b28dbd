import type { Strike } from './machine.ts'
import { FATES, type Fate } from './network.ts'
import type { OperatorAct } from './operators.ts'
import type { Random } from './random.ts'
import { TIMING } from './surroundings.ts'

/** One thing that is planned to happen at a moment of a history. */
export interface Planned {
  readonly atMs: number
  readonly act:
    | { readonly kind: 'freeze'; readonly forMs: number }
    | { readonly kind: 'restart' }
    | { readonly kind: 'clock jump'; readonly byMs: number }
    | { readonly kind: 'backup' }
    | { readonly kind: 'restore' }
    | { readonly kind: 'tenant moved' }
    | { readonly kind: 'outage'; readonly host: string; readonly forMs: number }
    | {
        readonly kind: 'svarut fault' | 'noark5 fault'
        readonly operation: string
        readonly fault: string
        readonly times: number
        readonly delayMs: number
        readonly status: number
      }
    | { readonly kind: OperatorAct }
}

/** What hits one process: at the n-th call of all, or at the n-th of a kind. */
export interface Strikes {
  readonly byNumber: ReadonlyMap<number, Strike>
  readonly byKind: ReadonlyMap<string, Strike>
}

/** A process that nothing hits. */
export const NO_STRIKES: Strikes = { byNumber: new Map(), byKind: new Map() }

/** Everything that is chosen before a history begins. */
export interface Plan {
  readonly workers: 1 | 2
  readonly acts: readonly Planned[]
  /** Strikes of the n-th process to be started. */
  readonly strikes: readonly Strikes[]
  /** Chance that a request meets another fate than `delivered`, and which ones this network has. */
  readonly trouble: number
  readonly fates: readonly Fate[]
  /** A host that is long in answering changes it has taken in. */
  readonly slowHost: string | undefined
  /** How far SvarUt's look-up is behind what it has accepted, milliseconds; within G. */
  readonly lookUpLagMs: number
  readonly foreignLetters: boolean
  /** All letters belong to one case and come within seconds, as when a case worker sends out a decision. */
  readonly oneCase: boolean
  /** When faults and operators end, milliseconds. */
  readonly quietFromMs: number
}

const QUIET_FROM_MS = 8 * 60_000

/** The longest a simulator holds back what it takes in; the network keeps W for both together (A2). */
const LONGEST_DELAY_MS = 50_000

/** Look-ups are behind by less than G (A3). */
export const LONGEST_LAG_MS = TIMING.lookUpLagMs - 1_000

const SVARUT_FAULTS: readonly (readonly [operation: string, fault: string])[] = [
  ['send', 'accept-then-hang'],
  ['send', 'answer-lost'],
  ['send', 'accept-late'],
  ['send', 'error-after-effect'],
  ['send', 'server-error'],
  ['send', 'wrong-schema'],
  ['send', 'unauthorized'],
  ['send', 'lookup-lag'],
  ['lookup', 'lookup-error'],
  ['lookup', 'error-under-200'],
  ['lookup', 'not-found'],
  ['metadata', 'lookup-error'],
  ['metadata', 'slow'],
  ['metadata', 'error-under-200'],
  ['metadata', 'lookup-lag'],
  ['metadata', 'not-found'],
  ['metadata', 'unauthorized'],
  ['status', 'server-error'],
]

const NOARK5_OPERATIONS = [
  'ny-saksmappe',
  'ny-journalpost',
  'ny-korrespondansepart',
  'ny-dokumentbeskrivelse',
  'ny-dokumentobjekt',
  'upload',
  'update',
] as const
const NOARK5_FAULTS = [
  'accept-then-hang',
  'answer-lost',
  'error-after-effect',
  'server-error',
  'wrong-schema',
  'unauthorized',
  'accept-late',
] as const
const NOARK5_READS: readonly (readonly [operation: string, fault: string])[] = [
  ['search', 'error-under-200'],
  ['search', 'server-error'],
  ['search', 'slow'],
  ['get', 'server-error'],
  ['list', 'error-under-200'],
  ['download', 'server-error'],
]

/**
 * Chooses a history. What goes wrong comes in heaps: a history has its own weakness (machines that stand still, a bad network, people
 * who intervene), so that things that are rare by themselves meet each other.
 */
export function choosePlan(random: Random, workers: 1 | 2): Plan {
  const unsteady = random.chance(0.35)
  const badNetwork = random.chance(0.3)
  const busyPeople = random.chance(0.3)
  const early = () => random.between(1_000, 120_000)
  const at = () => (random.chance(0.5) ? early() : random.between(1_000, QUIET_FROM_MS - 1_000))
  const acts: Planned[] = []
  const some = (most: number, make: () => Planned) => {
    for (let left = random.between(0, most); left > 0; left--) acts.push(make())
  }
  some(2, () => ({ atMs: early(), act: svarutFault(random) }))
  some(2, () => ({ atMs: early(), act: noark5Fault(random) }))
  some(1, () => ({ atMs: at(), act: { kind: 'freeze', forMs: standstillMs(random) } }))
  some(1, () => ({ atMs: at(), act: { kind: 'restart' } }))
  some(1, () => ({ atMs: at(), act: { kind: 'clock jump', byMs: random.between(-7_200, 7_200) * 1_000 } }))
  some(2, () => ({ atMs: at(), act: { kind: 'operator replay' } }))
  some(busyPeople ? 5 : 2, () => ({ atMs: at(), act: { kind: 'operator discard' } }))
  some(2, () => ({ atMs: at(), act: { kind: 'operator undo' } }))
  some(1, () => ({ atMs: at(), act: { kind: 'operator answer' } }))
  some(badNetwork ? 2 : 0, () => ({ atMs: at(), act: outage(random) }))
  const moved = random.chance(0.12)
  if (moved) acts.push({ atMs: early(), act: { kind: 'tenant moved' } })
  // A restore forgets which konto a letter was bound to; restored stores are only asked at the konto the tenant has (ARCHITECTURE, assumptions).
  if (!moved && random.chance(0.18)) {
    const backupMs = random.between(1_000, 150_000)
    acts.push(
      { atMs: backupMs, act: { kind: 'backup' } },
      { atMs: backupMs + random.between(1_000, 200_000), act: { kind: 'restore' } },
    )
  }
  return {
    workers,
    acts: acts.sort((a, b) => a.atMs - b.atMs),
    strikes: Array.from({ length: 8 }, () => chooseStrikes(random, unsteady)),
    trouble: badNetwork ? 0.2 : random.pick([0.01, 0.06]),
    fates: random.chance(0.5) ? FATES : [random.pick(FATES), random.pick(FATES)],
    slowHost: random.chance(0.35) ? 'http://svarut' : undefined,
    lookUpLagMs: random.chance(0.6) ? random.between(1_000, LONGEST_LAG_MS) : 0,
    foreignLetters: random.chance(0.4),
    oneCase: random.chance(0.35),
    quietFromMs: QUIET_FROM_MS,
  }
}

function outage(random: Random): Planned['act'] {
  return {
    kind: 'outage',
    host: random.pick(['http://svarut', 'http://svarut', 'http://noark5', 'http://maskinporten']),
    forMs: random.between(20_000, 240_000),
  }
}

/**
 * How long a process stands still: about as long as a start may take, shorter than a request may be on its way, past any lease, or so long that
 * another one has believed meanwhile that nothing of it is over there.
 */
function standstillMs(random: Random): number {
  const [low, high] = random.pick([
    [1_000, TIMING.startWithinMs + 2_000],
    [TIMING.startWithinMs, TIMING.startWithinMs + TIMING.inFlightMs],
    [TIMING.startWithinMs + TIMING.inFlightMs, 200_000],
    [TIMING.startWithinMs + TIMING.inFlightMs + TIMING.lookUpLagMs + 30_000, 240_000],
  ] as const)
  return random.between(low, high)
}

function svarutFault(random: Random): Planned['act'] {
  const [operation, fault] = random.pick(SVARUT_FAULTS)
  return {
    kind: 'svarut fault',
    operation,
    fault,
    times: random.chance(0.8) ? random.between(1, 2) : random.between(3, 8),
    delayMs: random.between(500, random.chance(0.5) ? 19_000 : LONGEST_DELAY_MS),
    status: random.pick([500, 502, 503]),
  }
}

function noark5Fault(random: Random): Planned['act'] {
  const [operation, fault] = random.chance(0.75)
    ? ([random.pick(NOARK5_OPERATIONS), random.pick(NOARK5_FAULTS)] as const)
    : random.pick(NOARK5_READS)
  return {
    kind: 'noark5 fault',
    operation,
    fault,
    times: random.between(1, 2),
    delayMs: random.between(500, 19_000),
    status: random.pick([500, 503]),
  }
}

function chooseStrikes(random: Random, unsteady: boolean): Strikes {
  const byNumber = new Map<number, Strike>()
  const byKind = new Map<string, Strike>()
  for (let left = unsteady ? random.between(1, 4) : random.between(0, 2); left > 0; left--) {
    const strike: Strike = {
      kind: random.chance(unsteady ? 0.25 : 0.6) ? 'crash' : 'freeze',
      when: random.pick(['before', 'after', 'soon'] as const),
      forMs: standstillMs(random),
    }
    if (random.chance(unsteady ? 0.2 : 0.5)) byNumber.set(random.between(5, 460), strike)
    else {
      const [place, most] = random.pick(unsteady && random.chance(0.5) ? SENDING : BOUNDARIES)
      byKind.set(`${place} ${random.between(1, most)}`, strike)
    }
  }
  return { byNumber, byKind }
}

/** From the decision to send until the request has left. */
const SENDING: readonly (readonly [place: string, most: number])[] = [
  ['runtime.intent', 12],
  ['http POST http://svarut', 3],
  ['http POST http://svarut has left', 3],
  ['http POST http://noark5', 12],
]

/** Where something has just been begun or is about to be told, and how often a process comes there: few among all calls, and most can go wrong there. */
const BOUNDARIES: readonly (readonly [place: string, most: number])[] = [
  ...SENDING,
  ['runtime.accept', 6],
  ['runtime.take', 12],
  ['http', 12],
  ['http has left', 12],
  ['runtime.evidence', 12],
  ['runtime.finish', 12],
  ['runtime.wait', 6],
  ['bus.append', 12],
  ['runtime.published', 12],
  ['runtime.ingest', 12],
]
