import kafkajs from 'kafkajs'
import { TEST_ORGNR } from '../../support/tenant-files.ts'
import { type Figure, quantile } from '../figures.ts'
import { spaced } from './burst.ts'
import { type Course, layOutCourse } from './course.ts'
import { type ServerPart, type ServerPartOptions, scaled } from './server-part.ts'

const BURST = 50_000
const PROCESSES = 2
const WARM_UP = 2_000
/** Events of the quiet neighbour before the burst; during it they come until the burst has gone. */
const QUIET_EVENTS = 400
const EVERY_MS = 50
const AIM_RATIO = 2
const [NEIGHBOUR, NOISY] = TEST_ORGNR

/** How long events of one municipality take from the first topic to the last, while another one sends very many and while it does not. */
export const neighbours: ServerPart = {
  name: 'neighbours',
  async measure(options): Promise<readonly Figure[]> {
    const count = scaled(options, BURST)
    const course = await layOutCourse({ ...options, processes: PROCESSES })
    try {
      course.go()
      await course.feed(scaled(options, WARM_UP))
      await course.arrived(course.fedCount())
      const quietFrom = Date.now()
      await sendSteadily(course, (sent) => sent < scaled(options, QUIET_EVENTS))
      await course.arrived(course.fedCount())
      const burstFrom = Date.now()
      let isGone = false
      const noise = course
        .feed(count, NOISY)
        .then(() => course.arrived(course.fedCount() - SLACK))
        .finally(() => {
          isGone = true
        })
      await sendSteadily(course, () => !isGone)
      await noise
      await course.arrived(course.fedCount())
      const passages = await passagesOf(options, course)
      const [quiet, loud] = [p95(passages, quietFrom, burstFrom), p95(passages, burstFrom, Date.now())]
      options.tell(`neighbours: p95 ${Math.round(quiet)} ms, during the burst ${Math.round(loud)} ms`)
      const name = `another municipality's burst of ${spaced(count)}`
      return [
        { name: `p95 during ${name} ÷ without`, unit: '', value: loud / quiet, aim: { atMost: AIM_RATIO } },
        { name: 'p95 from the first topic to the last', unit: 'ms', value: quiet },
        { name: `p95 during ${name}`, unit: 'ms', value: loud },
      ]
    } finally {
      await course.stop()
    }
  },
}

/** The burst counts as gone when this few are under way, the neighbour's own among them. */
const SLACK = 50

/** One event at a time at a steady pace, as long as `goOn` says so. */
async function sendSteadily(course: Course, goOn: (sent: number) => boolean): Promise<void> {
  const under: Promise<void>[] = []
  for (let sent = 0; goOn(sent); sent++) {
    under.push(course.feed(1, NEIGHBOUR))
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  await Promise.all(under)
}

/** When an event of the neighbour was fed, and how long it took; milliseconds. */
interface Passage {
  readonly fedAt: number
  readonly tookMs: number
}

function p95(passages: readonly Passage[], from: number, until: number): number {
  const within = passages.filter(({ fedAt }) => fedAt >= from && fedAt < until)
  return quantile(
    within.map(({ tookMs }) => tookMs),
    0.95,
  )
}

/** Reads the last topic to its end; the broker's clock says when each event arrived. */
async function passagesOf({ servers }: ServerPartOptions, course: Course): Promise<readonly Passage[]> {
  const { Kafka, logLevel } = kafkajs
  const kafka = new Kafka({ clientId: 'bench', brokers: [servers.kafka], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `${course.topics.to}-passages` })
  const wanted = await course.arrivedCount()
  const passages: Passage[] = []
  const all = Promise.withResolvers<void>()
  let read = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [course.topics.to], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      read += 1
      if (String(message.headers?.['ce_tenant']) === NEIGHBOUR) {
        const fedAt = Date.parse((JSON.parse(String(message.value)) as { fedAt: string }).fedAt)
        passages.push({ fedAt, tookMs: Number(message.timestamp) - fedAt })
      }
      if (read >= wanted) all.resolve()
    },
  })
  await all.promise
  await consumer.disconnect()
  return passages
}
