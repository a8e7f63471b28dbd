import { type BusRecord, type BusSubscription, causeId, type EventBus, isoInstant } from '@samband/kernel'
import { toHeaders, toSequence } from '@samband/messages'
import { SkrevetV1, TENANT } from './test-world.ts'

/** A letter as its producer wrote it. */
export interface WrittenLetter {
  readonly partition: number
  /** Also its text, so that the order shows at the destination. */
  readonly sequence: number
  readonly sak?: string
  readonly source?: string
}

/** A log with several partitions that a test writes and reads by hand: `wrapBus` puts it in place of the embedded one. */
export function createPartitionedLog() {
  const partitions = new Map<number, BusRecord[]>()
  let subscription: BusSubscription | undefined

  const recordsOf = (partition: number) => {
    const records = partitions.get(partition) ?? []
    partitions.set(partition, records)
    return records
  }

  return {
    wrapBus: (bus: EventBus): EventBus => ({
      ...bus,
      // What handlers publish is read by nobody here.
      async append() {},
      async consume(one) {
        subscription = one
        return { async stop() {} }
      },
      ends: async () =>
        [...partitions].map(([partition, records]) => ({
          partition,
          topicIdentity: 'one',
          endOffset: records.length,
        })),
    }),
    write(letter: WrittenLetter): void {
      const { partition, sequence, sak = 'sak-1', source = '/test' } = letter
      const id = causeId('letter', source, sak, String(sequence))
      const headers = toHeaders({
        specversion: '1.0',
        id,
        type: SkrevetV1.type,
        source,
        subject: sak,
        time: isoInstant(Date.UTC(2026, 2, 2, 9)),
        datacontenttype: 'application/json',
        tenant: TENANT,
        partitionkey: sak,
        sequence: toSequence(sequence),
        correlationid: id,
      })
      const data = { letterId: id, sak, recipient: 'mottaker-1', text: `${source} ${sequence}` }
      recordsOf(partition).push({
        topic: 'test',
        key: sak,
        headers,
        value: Buffer.from(JSON.stringify(SkrevetV1.write(data))),
      })
    },
    /** Hands over what stands in a partition behind the group's position, at most `count` records. */
    async read(partition: number, count = Number.POSITIVE_INFINITY): Promise<void> {
      if (subscription === undefined) throw new Error('nobody reads yet')
      const from = (await subscription.position('test', partition))?.nextOffset ?? 0
      const records = recordsOf(partition)
        .slice(from, from + count)
        .map((record, at) => ({ ...record, offset: from + at }))
      await subscription.deliver({
        topic: 'test',
        partition,
        topicIdentity: 'one',
        records,
        nextOffset: from + records.length,
      })
    },
  }
}
