import type { Strike } from './machine.ts'
import type { Random } from './random.ts'

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
    | {
        readonly kind: 'svarut fault' | 'noark5 fault'
        readonly operation: string
        readonly fault: string
        readonly times: number
        readonly delayMs: number
        readonly status: number
      }
    | { readonly kind: 'operator replay' | 'operator discard' | 'operator undo' | 'operator answer' }
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
  readonly trouble: number
  /** How far SvarUt's look-up is behind what it has accepted, milliseconds; within G. */
  readonly lookUpLagMs: number
  readonly foreignLetters: boolean
  /** When faults and operators end, milliseconds. */
  readonly quietFromMs: number
}

const QUIET_FROM_MS = 8 * 60_000

const SVARUT_FAULTS: readonly (readonly [operation: string, fault: string])[] = [
  ['send', 'accept-then-hang'],
  ['send', 'answer-lost'],
  ['send', 'accept-late'],
  ['send', 'error-after-effect'],
  ['send', 'server-error'],
  ['send', 'wrong-schema'],
  ['send', 'unauthorized'],
  ['send', 'lookup-lag'],
  ['send', 'slow'],
  ['lookup', 'lookup-error'],
  ['lookup', 'error-under-200'],
  ['lookup', 'not-found'],
  ['metadata', 'lookup-error'],
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
  'slow',
  'accept-late',
] as const
const NOARK5_READS: readonly (readonly [operation: string, fault: string])[] = [
  ['search', 'error-under-200'],
  ['search', 'server-error'],
  ['get', 'server-error'],
  ['list', 'error-under-200'],
  ['download', 'server-error'],
]

/** Chooses a history. */
export function choosePlan(random: Random, workers: 1 | 2): Plan {
  const at = () => random.between(1_000, QUIET_FROM_MS - 1_000)
  const early = () => random.between(1_000, 120_000)
  const acts: Planned[] = []
  const some = (most: number, make: () => Planned) => {
    for (let left = random.between(0, most); left > 0; left--) acts.push(make())
  }
  some(2, () => ({ atMs: early(), act: svarutFault(random) }))
  some(2, () => ({ atMs: early(), act: noark5Fault(random) }))
  some(1, () => ({ atMs: at(), act: { kind: 'freeze', forMs: random.between(1_000, 200_000) } }))
  some(1, () => ({ atMs: at(), act: { kind: 'restart' } }))
  some(1, () => ({ atMs: at(), act: { kind: 'clock jump', byMs: random.between(-7_200, 7_200) * 1_000 } }))
  some(2, () => ({ atMs: at(), act: { kind: 'operator replay' } }))
  some(2, () => ({ atMs: at(), act: { kind: 'operator discard' } }))
  some(2, () => ({ atMs: at(), act: { kind: 'operator undo' } }))
  some(1, () => ({ atMs: at(), act: { kind: 'operator answer' } }))
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
    strikes: Array.from({ length: 8 }, () => chooseStrikes(random)),
    trouble: random.chance(0.5) ? 0.06 : 0.01,
    lookUpLagMs: random.chance(0.5) ? random.between(1_000, 19_000) : 0,
    foreignLetters: random.chance(0.4),
    quietFromMs: QUIET_FROM_MS,
  }
}

function svarutFault(random: Random): Planned['act'] {
  const [operation, fault] = random.pick(SVARUT_FAULTS)
  return {
    kind: 'svarut fault',
    operation,
    fault,
    times: random.between(1, 2),
    delayMs: random.between(500, 19_000),
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

function chooseStrikes(random: Random): Strikes {
  const byNumber = new Map<number, Strike>()
  const byKind = new Map<string, Strike>()
  for (let left = random.between(0, 2); left > 0; left--) {
    const strike: Strike = {
      kind: random.chance(0.6) ? 'crash' : 'freeze',
      when: random.pick(['before', 'after', 'soon'] as const),
      forMs: random.between(1_000, random.chance(0.3) ? 280_000 : 100_000),
    }
    if (random.chance(0.5)) byNumber.set(random.between(5, 460), strike)
    else byKind.set(`${random.pick(BOUNDARIES)} ${random.between(1, 12)}`, strike)
  }
  return { byNumber, byKind }
}

/** Where something has just been begun or is about to be told: calls that are few among all, and where most can go wrong. */
const BOUNDARIES = [
  'runtime.accept',
  'runtime.take',
  'runtime.intent',
  'http',
  'http left',
  'runtime.evidence',
  'runtime.finish',
  'runtime.wait',
  'bus.append',
  'runtime.published',
  'runtime.ingest',
] as const
