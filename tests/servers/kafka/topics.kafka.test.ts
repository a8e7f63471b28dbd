import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { applyTopicPlans, createBrokerDesk, describeReport, readTopicPlans, type TopicPlan } from '@samband/bus/kafka'
import { realTime } from '@samband/process'
import { createKeptLog } from '@samband/runtime/testing'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { openKafkaWorld } from './kafka-world.ts'

const PROGRAM = fileURLToPath(new URL('../../../services/platform/bus/src/kafka/topics/main.ts', import.meta.url))
const PLANS = new URL('../../../deploy/kafka/topics.json', import.meta.url)

withServer('the command for topics', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  async function open() {
    const world = await openKafkaWorld(kafka.address)
    const desk = createBrokerDesk(world.settings, realTime(), createKeptLog())
    onTestFinished(async () => {
      await desk.close()
      await world.dispose()
    })
    // A single broker keeps one copy; names of this run, so that it may be repeated on a broker that stays.
    const plans: readonly TopicPlan[] = readTopicPlans(readFileSync(PLANS, 'utf8')).map((plan) => ({
      ...plan,
      name: world.topic(plan.name),
      replicas: 1,
      minInsyncReplicas: 1,
    }))
    return { world, desk, plans, names: plans.map(({ name }) => name) }
  }

  test('makes what is missing, and finds it as planned the next time', async () => {
    const { desk, plans, names } = await open()

    expect(await applyTopicPlans(desk, plans)).toEqual({ made: names, grown: [], asPlanned: [], dangers: [] })
    expect(await applyTopicPlans(desk, plans)).toEqual({ made: [], grown: [], asPlanned: names, dangers: [] })
    const facts = await desk.topics(names)
    expect(names.map((name) => facts.get(name)?.partitions.length)).toEqual(plans.map(({ partitions }) => partitions))
  })

  test('runs from the command line, where one broker is too few for the plan', async () => {
    const run = (brokers: string) =>
      new Promise<{ code: unknown; text: string }>((resolve) =>
        execFile(process.execPath, [PROGRAM], { env: { SAMBAND_KAFKA_BROKERS: brokers } }, (error, out, errors) =>
          resolve({ code: error?.code ?? 0, text: out + errors }),
        ),
      )

    expect(await run(kafka.address)).toMatchObject({
      code: 1,
      text: expect.stringContaining('INVALID_REPLICATION_FACTOR'),
    })
    expect(await run('nonsense')).toMatchObject({ code: 78, text: expect.stringContaining('SAMBAND_KAFKA_BROKERS') })
  })

  test('adds the partitions that a plan has more of when that is asked for, and never takes any away', async () => {
    const { desk, plans } = await open()
    const [plan] = plans
    if (plan === undefined) throw new Error('the file names no topic')
    await applyTopicPlans(desk, [{ ...plan, partitions: 2 }])
    expect((await applyTopicPlans(desk, [{ ...plan, partitions: 5 }])).dangers.join()).toContain('--grow')
    const grown = await applyTopicPlans(desk, [{ ...plan, partitions: 5 }], { grow: true })
    const fewer = await applyTopicPlans(desk, [{ ...plan, partitions: 3 }], { grow: true })

    expect(grown).toEqual({
      made: [],
      grown: [{ name: plan.name, from: 2, to: 5 }],
      asPlanned: [plan.name],
      dangers: [],
    })
    expect(fewer.dangers).toEqual([expect.stringContaining('har 5 partisjoner, planen sier 3')])
    expect((await desk.topic(plan.name)).partitions).toHaveLength(5)
  })

  test('refuses what may cost records, names it, and changes nothing', async () => {
    const { world, desk, plans } = await open()
    const [plan] = plans
    if (plan === undefined) throw new Error('the file names no topic')
    await world.admin.createTopics({
      topics: [
        {
          topic: plan.name,
          numPartitions: 2,
          configEntries: [
            { name: 'cleanup.policy', value: 'compact' },
            { name: 'retention.ms', value: '60000' },
          ],
        },
      ],
    })
    const report = await applyTopicPlans(desk, [{ ...plan, replicas: 3 }])

    expect(describeReport(report)).toContain(`FARLIG AVVIK: ${plan.name} har 2 partisjoner`)
    expect(report.dangers.join('\n')).toMatch(
      /2 partisjoner[\s\S]*1 kopier[\s\S]*cleanup\.policy=compact[\s\S]*60000 ms/,
    )
    expect((await desk.topic(plan.name)).partitions).toHaveLength(2)
  })
})
