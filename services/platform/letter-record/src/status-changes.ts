import type { AvvistDocument, SendtDocument, StatusChange } from './collections.ts'

/** SvarUt reports few; a flood of unknown codes must not make the document grow for ever. */
const MOST_CHANGES = 100

/** The changes with one more, in the order of their time, whatever order they came in. The same change twice is one. */
export function withChange(changes: readonly StatusChange[], change: StatusChange): readonly StatusChange[] {
  if (
    changes.some(
      ({ status, endretTidspunkt }) => status === change.status && endretTidspunkt === change.endretTidspunkt,
    )
  ) {
    return changes
  }
  return [...changes, change]
    .sort((a, b) => instantOf(a.endretTidspunkt) - instantOf(b.endretTidspunkt))
    .slice(-MOST_CHANGES)
}

/**
 * The change that tells how it stands: the newest. SLETTET only tells that SvarUt has tidied up, so what was known before it stays
 * (contracts, `ForsendelseStatus`).
 */
export function decidingChange(changes: readonly StatusChange[]): StatusChange | undefined {
  return changes.findLast(({ status }) => status !== 'SLETTET') ?? changes.at(-1)
}

/** Whether the hub has given the letter up: it may have been sent after all, when what was wrong has been put right and the row replayed. */
export function isGivenUp(avvist: AvvistDocument | undefined, sendt: SendtDocument | undefined): boolean {
  if (avvist === undefined) return false
  return sendt === undefined || instantOf(sendt.sendtTidspunkt) < instantOf(avvist.avvistTidspunkt)
}

/** RFC 3339 allows any number of decimals, so instants are not compared as text. Milliseconds since 1970. */
export function instantOf(tidspunkt: string): number {
  return Date.parse(tidspunkt)
}
