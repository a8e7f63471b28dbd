import { causeId, isoInstant } from '@samband/kernel'
import { defineEvent, type EventDefinition, ForsendelseId, Tidspunkt, toHeaders, toSequence } from '@samband/messages'
import { z } from 'zod'
import { TEST_ORGNR } from '../../support/tenant-files.ts'

/** Where a course begins and where it ends. */
export interface CourseTopics {
  readonly from: string
  readonly to: string
}

const data = z.object({
  forsendelseId: ForsendelseId,
  fedAt: Tidspunkt.describe('When the bench put the first event into the log.'),
  text: z.string().describe('Makes the event as large as the others of the hub.'),
})

type CourseEvent = EventDefinition<z.output<typeof data>, z.input<typeof data>>

/** The event that a handler of the bench consumes, and the one it publishes; with headers about 1 kB each. */
export function courseEvents({ from, to }: CourseTopics): { readonly fed: CourseEvent; readonly arrived: CourseEvent } {
  const common = { subject: 'bench', data, key: (read: z.output<typeof data>) => read.forsendelseId }
  return {
    fed: defineEvent({
      ...common,
      type: 'no.samband.bench.fed.v1',
      topic: from,
      describe: 'The bench put an event in.',
    }),
    arrived: defineEvent({
      ...common,
      type: 'no.samband.bench.arrived.v1',
      topic: to,
      describe: 'A handler of the bench has run.',
    }),
  }
}

/** What an event holds beside its ids, so that it is about as large as the others of the hub. */
export const TEXT = 'x'.repeat(160)

/** The record of one event: a lane of its own, the municipalities in turn where none is named. */
export function recordOf(topic: string, number: number, nowMs: number, tenant?: string) {
  const forsendelseId = causeId('bench lane', topic, String(number))
  const fedAt = isoInstant(nowMs)
  return {
    topic,
    key: forsendelseId,
    headers: toHeaders({
      specversion: '1.0',
      id: causeId('bench', topic, String(number)),
      type: 'no.samband.bench.fed.v1',
      source: '/samband/bench',
      subject: forsendelseId,
      time: fedAt,
      datacontenttype: 'application/json',
      tenant: tenant ?? TEST_ORGNR[number % TEST_ORGNR.length] ?? TEST_ORGNR[0],
      partitionkey: forsendelseId,
      sequence: toSequence(1),
      correlationid: forsendelseId,
    }),
    value: Buffer.from(JSON.stringify({ forsendelseId, fedAt, text: TEXT })),
  }
}
