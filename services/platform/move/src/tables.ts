/** A table that a move carries row by row. */
export interface CarriedTable {
  readonly name: string
  /** Its primary key: the order in which rows are read and compared. */
  readonly key: readonly string[]
}

/** Everything an installation knows. */
export const CARRIED: readonly CarriedTable[] = [
  { name: 'ledger', key: ['accepted_id'] },
  { name: 'outbox', key: ['place'] },
  { name: 'event_sequence', key: ['source', 'record_key'] },
  { name: 'inbox', key: ['row_id'] },
  { name: 'failed_run', key: ['row_id', 'number'] },
  { name: 'effect', key: ['effect_key'] },
  { name: 'attempt', key: ['effect_key', 'number'] },
  { name: 'document', key: ['collection', 'id'] },
  { name: 'replay_job', key: ['job_id'] },
  { name: 'replay_item', key: ['job_id', 'row_id'] },
  { name: 'audit', key: ['number'] },
  { name: 'alarm', key: ['number'] },
  { name: 'operator_order', key: ['order_id'] },
]

/** What is not carried row by row, and why. */
export const LEFT: Readonly<Record<string, string>> = {
  migration: 'says of which release the schema is; the target has its own',
  meta: 'of a store, not of letters; what stays behind of it is named in carry-over.ts',
  series: 'a sequence on PostgreSQL; goes on from the same number',
  bus_topic: 'the embedded log; Kafka has its own topics',
  bus_log: 'what nobody has taken in yet is published anew from the outbox',
  bus_offset: 'offsets of the embedded log mean nothing in Kafka',
  sequence_read: 'the hub’s own count; services count each key from the first event that they read',
  held_event: 'not in the inbox yet: published anew from the outbox',
}
