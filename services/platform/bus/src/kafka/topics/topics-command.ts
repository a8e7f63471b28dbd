// Node finds only some names of this CommonJS package by themselves; this one it does not.
import kafkajs from 'kafkajs'
import type { BrokerDesk } from '../broker-desk.ts'
import type { TopicFacts } from '../topic-metadata.ts'
import { configOf, dangersOf, type TopicAsIs, type TopicPlan } from './topic-plan.ts'

/** What the command found and did. */
export interface TopicsReport {
  readonly made: readonly string[]
  /** Topics that were given more partitions. */
  readonly grown: readonly { readonly name: string; readonly from: number; readonly to: number }[]
  readonly asPlanned: readonly string[]
  /** What may cost records or order, as sentences. The command has changed nothing about these. */
  readonly dangers: readonly string[]
}

/** Topics beside their plans. */
export interface TopicsComparison extends Omit<TopicsReport, 'made' | 'grown'> {
  readonly missing: readonly TopicPlan[]
}

/**
 * Compares topics with their plans. Changes nothing.
 * @throws HubError of the bus when the cluster cannot be asked, or does not tell us a topic's settings
 */
export async function compareTopicPlans(desk: BrokerDesk, plans: readonly TopicPlan[]): Promise<TopicsComparison> {
  const facts = await desk.topics(plans.map(({ name }) => name))
  const there = plans.flatMap((plan) => {
    const fact = facts.get(plan.name)
    return fact === undefined ? [] : [{ plan, fact }]
  })
  const compared = await Promise.all(
    there.map(async ({ plan, fact }) => ({ plan, dangers: dangersOf(plan, await asIs(desk, plan.name, fact)) })),
  )
  return {
    missing: plans.filter(({ name }) => !facts.has(name)),
    asPlanned: compared.filter(({ dangers }) => dangers.length === 0).map(({ plan }) => plan.name),
    dangers: compared.flatMap(({ dangers }) => dangers),
  }
}

/**
 * Makes the topics that are missing and compares those that are there with their plans. With `grow` it first adds the partitions that a plan has more
 * of; fewer there cannot be, and a plan with fewer is a danger then. It changes nothing else of a topic that exists: each such change may cost
 * records, so a person makes it. Safe to repeat.
 * @throws HubError of the bus when the cluster cannot be asked
 */
export async function applyTopicPlans(
  desk: BrokerDesk,
  plans: readonly TopicPlan[],
  { grow = false }: { readonly grow?: boolean } = {},
): Promise<TopicsReport> {
  const before = await desk.topics(plans.map(({ name }) => name))
  const missing = plans.filter(({ name }) => !before.has(name))
  await desk.create(missing.map(creation))
  const there = plans.flatMap((plan) => {
    const fact = before.get(plan.name)
    return fact === undefined ? [] : [{ plan, from: fact.partitions.length }]
  })
  const short = grow ? there.filter(({ plan, from }) => from < plan.partitions) : []
  for (const { plan } of short) await desk.grow(plan.name, plan.partitions)
  const compared = await compareTopicPlans(
    desk,
    there.map(({ plan }) => plan),
  )
  const long = grow ? there.filter(({ plan, from }) => from > plan.partitions) : []
  return {
    made: missing.map(({ name }) => name),
    grown: short.map(({ plan, from }) => ({ name: plan.name, from, to: plan.partitions })),
    asPlanned: compared.asPlanned.filter((name) => !long.some(({ plan }) => plan.name === name)),
    dangers: [...compared.dangers, ...long.map(({ plan, from }) => tooMany(plan, from))],
  }
}

function tooMany({ name, partitions }: TopicPlan, count: number): string {
  return `${name} har ${count} partisjoner, planen sier ${partitions}. Partisjoner kan ikke tas bort uten at hendelser går tapt: rett planen.`
}

function creation(plan: TopicPlan) {
  return {
    topic: plan.name,
    numPartitions: plan.partitions,
    replicationFactor: plan.replicas,
    configEntries: Object.entries(configOf(plan)).map(([name, value]) => ({ name, value })),
  }
}

async function asIs(desk: BrokerDesk, name: string, { partitions }: TopicFacts): Promise<TopicAsIs> {
  const { resources } = await desk.ask(`reading the settings of ${name}`, (admin) =>
    admin.describeConfigs({ resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }], includeSynonyms: false }),
  )
  const entries = resources.flatMap(({ configEntries }) => configEntries)
  return {
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas)),
    config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
  }
}

/** The report as the operator reads it. */
export function describeReport({ made, grown, asPlanned, dangers }: TopicsReport): string {
  return [
    ...made.map((name) => `Laget: ${name}`),
    ...grown.map(
      ({ name, from, to }) =>
        `Utvidet: ${name}, fra ${from} til ${to} partisjoner. Nøkler kan ha flyttet seg; det som kommer for tidlig, venter til det eldre er lest.`,
    ),
    ...asPlanned.map((name) => `Som planlagt: ${name}`),
    ...dangers.map((sentence) => `FARLIG AVVIK: ${sentence}`),
    ...(dangers.length > 0 ? ['Ingenting av dette er endret.'] : []),
  ].join('\n')
}
