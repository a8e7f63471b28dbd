import type { BoundDestination } from '@samband/kernel'
import { forsendelseStatus } from '@samband/messages'

/** Letters whose status is not final yet; one document per letter, under SvarUt's id. */
export const STATUS_COLLECTION = 'forsendelse-dispatcher.status'

/** What is known of the status of a letter at SvarUt. */
export type StatusWatch = {
  readonly forsendelseId: string
  readonly eksternReferanse: string
  readonly svarUtId: string
  /** Where it was sent, and therefore where its status is asked for, whatever the configuration says now. */
  readonly destination: {
    readonly [Key in keyof Omit<BoundDestination, 'timing'>]: BoundDestination[Key]
  } & { readonly timing: { readonly startWithinMs: number; readonly inFlightMs: number; readonly lookUpLagMs: number } }
  readonly status: string | null
  /** As SvarUt gave it, UTC. */
  readonly endretTidspunkt: string | null
  /** How often the status was asked for since it last changed. */
  readonly asked: number
}

/** A status as SvarUt answers it. */
export interface SeenStatus {
  readonly id: string
  readonly status: string
  /** ISO 8601, UTC. */
  readonly sisteStatusEndring: string
}

/** What follows from an answer: the watch as it is now, whether that is news, and when to ask again (`undefined`: never). */
export function afterAnswer(
  watch: StatusWatch,
  seen: SeenStatus | undefined,
  now: number,
  everyMs: number,
): { watch: StatusWatch; changed: boolean; dueAt: number | undefined } {
  const changed =
    seen !== undefined && (seen.status !== watch.status || seen.sisteStatusEndring !== watch.endretTidspunkt)
  const next: StatusWatch = changed
    ? { ...watch, status: seen.status, endretTidspunkt: seen.sisteStatusEndring, asked: 0 }
    : { ...watch, asked: watch.asked + 1 }
  const facts = next.status === null ? undefined : forsendelseStatus(next.status)
  if (facts?.final === true && !facts.mayChange) return { watch: next, changed, dueAt: undefined }
  return { watch: next, changed, dueAt: now + waitMs(next, everyMs, facts?.final === true) }
}

const LONGEST_WAIT_FACTOR = 24

/** Rarer the longer nothing happens; what is final but may still change is only looked at now and then. */
function waitMs(watch: StatusWatch, everyMs: number, final: boolean): number {
  const factor = final ? LONGEST_WAIT_FACTOR : Math.min(LONGEST_WAIT_FACTOR, Math.max(1, watch.asked / 4))
  return Math.round(everyMs * factor)
}
