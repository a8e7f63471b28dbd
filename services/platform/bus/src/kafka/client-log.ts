import type { Logger } from '@samband/kernel'
import type { logCreator } from 'kafkajs'

const ERROR = 1
const WARN = 2

/** What kafkajs reports as errors and warnings in the ordinary course of a cluster's life. */
const ordinary = [
  /rebalanc/i,
  /coordinator/i,
  /^Response (Heartbeat|JoinGroup|SyncGroup|OffsetCommit|OffsetFetch|LeaveGroup|Metadata|ListOffsets|InitProducerId|FindCoordinator|GroupCoordinator)/,
  /^Connection (error|timeout)/,
  /^Failed to (connect|send messages)/,
  /^Restarting the consumer/,
  /^Crash: /,
  /not aware of this member/,
  /not aware of all assigned partitions/,
  /resync group/,
  /Limiting retries for the idempotent producer/,
]

/** The longest text of the library that goes into a line. */
const MOST_CHARACTERS = 300

/**
 * The lines of kafkajs in our log, ranked by us: it calls every rebalance and every refused connection an error. What matters of
 * those, a crash among them, the adapter says itself. Only the text is passed on, never the fields, among which are stacks and requests.
 */
export function rankedLog(log: Logger, isSilent: () => boolean): logCreator {
  return () =>
    ({ namespace, level, log: { message } }) => {
      if (isSilent()) return
      const fields = { system: 'kafkajs', place: namespace, reason: String(message).slice(0, MOST_CHARACTERS) }
      const isNotable = (level === ERROR || level === WARN) && !ordinary.some((pattern) => pattern.test(message))
      if (isNotable) log.warn('kafkajs reports trouble', fields)
      else log.debug('kafkajs reports', fields)
    }
}
