/** What the histories of a run met: each kind of fault and of operator's act, and how often an attempt was open at that moment. */
export interface Met {
  times: number
  withOpenAttempt: number
}

/** Faults and acts by name. */
export type Tally = Record<string, Met>

/** Every kind that must meet an open attempt in a run of some size; others may, but need not. */
export const KINDS = [
  'crash',
  'freeze',
  'restart',
  'clock jump',
  'restore',
  'network request-lost',
  'network answer-lost',
  'network cut-after',
  'network late',
  'network slow',
  'network answer-late',
  'network refused',
  'svarut fault',
  'noark5 fault',
  'outage',
  'tenant moved',
  'operator replay',
  'operator discard',
  'operator undo',
  'operator answer',
] as const

/** Counts one meeting. */
export function count(tally: Tally, kind: string, open: boolean): void {
  const met = tally[kind] ?? { times: 0, withOpenAttempt: 0 }
  tally[kind] = met
  met.times += 1
  if (open) met.withOpenAttempt += 1
}

/** Adds up tallies of several histories. */
export function add(into: Tally, other: Tally): void {
  for (const [kind, met] of Object.entries(other)) {
    const sum = into[kind] ?? { times: 0, withOpenAttempt: 0 }
    into[kind] = { times: sum.times + met.times, withOpenAttempt: sum.withOpenAttempt + met.withOpenAttempt }
  }
}
