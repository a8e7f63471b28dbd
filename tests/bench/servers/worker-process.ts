import { createKafkaBus } from '@samband/bus/kafka'
import { HubError } from '@samband/kernel'
import { realIds, realTime } from '@samband/process'
import { createPinoLogger, createRuntime, defineHandler, type Handler } from '@samband/runtime'
import { openPostgres } from '@samband/store/postgres'
import { pino } from 'pino'
import { courseEvents } from './events.ts'
import { endWithParent, onGo, variable } from './process-of-a-course.ts'

/**
 * One replica of a service whose only handler publishes one event for each that it consumes: the product's store, bus and runtime with their
 * own settings. It begins when it is told to.
 */
const topics = { from: variable('BENCH_FROM'), to: variable('BENCH_TO') }
const { fed, arrived } = courseEvents(topics)
const log = createPinoLogger(pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })))
const time = realTime()
const ids = realIds()
const { store } = await openPostgres({
  settings: { url: variable('BENCH_POSTGRES'), schema: variable('BENCH_SCHEMA') },
  time,
  ids,
})
const bus = createKafkaBus({ settings: { brokers: [variable('BENCH_KAFKA')], clientId: 'bench' }, time, log })
const handler = defineHandler({
  name: 'bench.pass-on',
  consumes: fed,
  async handle(data, { publish }) {
    publish(arrived, data)
  },
})
const runtime = createRuntime({
  store,
  bus,
  time,
  ids,
  log,
  name: variable('BENCH_GROUP'),
  topics: [topics.from],
  handlers: [handler as unknown as Handler],
  findDestination: () => {
    throw new HubError('TENANT_IKKE_SATT_OPP', 'paused', 'Handlers of a bench have no effects.')
  },
})

onGo(() => runtime.start())
endWithParent(async () => {
  await runtime.stop(5_000)
  await bus.close()
  await store.close()
})
