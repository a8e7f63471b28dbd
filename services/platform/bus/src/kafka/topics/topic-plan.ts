import { z } from 'zod'

/** How one topic is to be: what `deploy/kafka/topics.json` says of it. */
export const TopicPlan = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9.-]{0,99}$/),
  /** Never fewer later: a key then lies in two partitions. */
  partitions: z.int().min(1).max(1000),
  replicas: z.int().min(1).max(10),
  minInsyncReplicas: z.int().min(1).max(10),
  /** Longer than any reader may be away; shorter than the inbox remembers what it has seen (R6). */
  retentionDays: z.int().min(1).max(3650),
  /** Compaction deletes records in between, and readers stop at a gap. */
  cleanupPolicy: z.literal('delete'),
  /** What the broker stores, whatever a producer sent: only what every reader can unpack. */
  compression: z.enum(['uncompressed', 'gzip']),
  maxMessageBytes: z.int().min(1024).max(100_000_000),
})
export type TopicPlan = z.infer<typeof TopicPlan>

const TopicPlans = z.strictObject({ topics: z.array(TopicPlan).min(1) })

/**
 * Reads the text of a file of topics.
 * @throws ZodError or SyntaxError when it is not one
 */
export function readTopicPlans(text: string): readonly TopicPlan[] {
  return TopicPlans.parse(JSON.parse(text)).topics
}

const DAY_MS = 86_400_000

/** The settings of Kafka that the plan stands for. */
export function configOf(plan: TopicPlan): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': plan.cleanupPolicy,
    'retention.ms': String(plan.retentionDays * DAY_MS),
    'retention.bytes': '-1',
    'min.insync.replicas': String(plan.minInsyncReplicas),
    'unclean.leader.election.enable': 'false',
    'compression.type': plan.compression,
    'max.message.bytes': String(plan.maxMessageBytes),
  }
}

/** A topic as the cluster has it. */
export interface TopicAsIs {
  readonly partitions: number
  /** Of the partition with the fewest. */
  readonly replicas: number
  readonly config: Readonly<Record<string, string>>
}

/** What may cost records or order where the topic differs from its plan; sentences for the operator. Empty when nothing does. */
export function dangersOf(plan: TopicPlan, { partitions, replicas, config }: TopicAsIs): readonly string[] {
  const wanted = configOf(plan)
  const number = (name: string) => Number(config[name])
  const isLess = (name: string) => number(name) !== -1 && !(number(name) >= Number(wanted[name]))
  const checks: [boolean, string][] = [
    [
      partitions < plan.partitions,
      `har ${partitions} partisjoner, planen sier ${plan.partitions}. Flere partisjoner flytter nøkler: øk med --grow.`,
    ],
    [replicas < plan.replicas, `har ${replicas} kopier, planen sier ${plan.replicas}.`],
    [
      config['cleanup.policy'] !== 'delete',
      `har cleanup.policy=${config['cleanup.policy']}: da slettes hendelser inne i loggen, og lesingen stopper ved hullet.`,
    ],
    [isLess('retention.ms'), `sletter etter ${config['retention.ms']} ms, planen sier ${wanted['retention.ms']}.`],
    [
      number('retention.bytes') !== -1,
      `sletter ved ${config['retention.bytes']} byte, uansett hvor nytt det er. Sett retention.bytes=-1.`,
    ],
    [
      isLess('min.insync.replicas'),
      `kvitterer ved ${config['min.insync.replicas']} kopier, planen sier ${plan.minInsyncReplicas}.`,
    ],
    [
      config['unclean.leader.election.enable'] !== 'false',
      'lar en kopi som henger etter, ta over: da forsvinner kvitterte hendelser.',
    ],
    [
      isLess('max.message.bytes'),
      `tar imot ${config['max.message.bytes']} byte, planen sier ${plan.maxMessageBytes}: større hendelser blir stående.`,
    ],
    [
      !['uncompressed', 'gzip'].includes(config['compression.type'] ?? ''),
      `har compression.type=${config['compression.type']}: navet kan bare pakke ut gzip. Sett ${plan.compression}.`,
    ],
  ]
  return checks.flatMap(([isDanger, sentence]) => (isDanger ? [`${plan.name} ${sentence}`] : []))
}
