import { Conductor, NOTHING, type Without } from './conductor.ts'
import { type Findings, judge } from './judge.ts'
import type { Tally } from './tally.ts'
import { assertQuiet } from './world.ts'

/** One history, played and judged. */
export interface HistoryResult {
  readonly number: number
  readonly steps: number
  readonly digest: string
  readonly tally: Tally
  readonly findings: Findings
  readonly story: readonly string[]
}

/** Plays the history of a seed. Half of them have one worker on an exclusive store, half two workers on a shared one. */
export async function playHistory(seed: string, number: number, without: Without = NOTHING): Promise<HistoryResult> {
  const history = new Conductor(`${seed}/${number}`, number % 2 === 0 ? 1 : 2, without)
  try {
    await history.play()
    const findings = await judge(history)
    assertQuiet()
    return {
      number,
      steps: history.world.steps,
      digest: history.world.digest(),
      tally: history.tally,
      findings,
      story: history.world.story,
    }
  } finally {
    await history.close()
  }
}

/** How many things are wrong, all kinds together. */
export function faultCount({ findings }: Pick<HistoryResult, 'findings'>): number {
  return findings.lost.length + findings.twice.length + findings.outOfOrder.length + findings.stuck.length
}

/** Names the kinds of findings a history has, e.g. `lost twice`. */
export function findingKinds({ findings }: Pick<HistoryResult, 'findings'>): string {
  return Object.entries(findings)
    .filter(([, sentences]) => sentences.length > 0)
    .map(([kind]) => kind)
    .join(' ')
}

/** Leaves out whatever is not needed for the same kind of finding; tries one thing at a time. */
export async function shorten(
  seed: string,
  failed: HistoryResult,
): Promise<{ readonly without: Without; readonly result: HistoryResult }> {
  const wanted = findingKinds(failed)
  let best = { without: NOTHING, result: failed }
  const attempt = async (without: Without) => {
    const result = await playHistory(seed, failed.number, without).catch(() => undefined)
    if (result !== undefined && findingKinds(result) === wanted) best = { without, result }
  }
  await attempt({ ...best.without, trouble: true })
  await attempt({ ...best.without, foreignLetters: true })
  for (const part of ['acts', 'strikes', 'letters'] as const) {
    for (let number = 0; number < MOST_PARTS; number++)
      await attempt({ ...best.without, [part]: new Set([...best.without[part], number]) })
  }
  return best
}

/** More acts, strikes or letters than any plan has. */
const MOST_PARTS = 14
