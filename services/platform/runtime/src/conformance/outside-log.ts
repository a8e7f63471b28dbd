import { type BusRecord, type BusSubscription, type EventBus, HubError, sleep, type Time } from '@samband/kernel'

/** A log that outlives the stores of a test, as Kafka does: one partition per topic, and what groups have shown. */
export interface OutsideLog {
  /** A bus of one process. */
  bus(time: Time): EventBus
  records(topic: string): readonly BusRecord[]
  /** Deletes the topic, with what groups have shown of it, and makes it anew, empty. */
  remake(topic: string): void
  remove(topic: string): void
  has(topic: string): boolean
  /** Runs when an append has been acknowledged, before its caller knows. */
  onAcknowledged: () => void
}

interface Topic {
  readonly identity: string
  readonly records: BusRecord[]
}

const ONLY_PARTITION = 0
const LOOK_EVERY_MS = 100

/** Makes a log without topics. */
export function createOutsideLog(): OutsideLog {
  const topics = new Map<string, Topic>()
  const shown = new Map<string, number>()
  let made = 0

  const remove = (name: string) => {
    topics.delete(name)
    for (const place of [...shown.keys()]) if (place.endsWith(` ${name}`)) shown.delete(place)
  }
  const remake = (name: string) => {
    remove(name)
    made += 1
    topics.set(name, { identity: `identity-${made}`, records: [] })
  }
  const topicOf = (name: string): Topic => {
    const topic = topics.get(name)
    if (topic === undefined) throw new HubError('BUS_TOPIC_FINNES_IKKE', 'permanent', `There is no topic ${name}.`)
    return topic
  }

  async function look(subscription: BusSubscription, name: string): Promise<void> {
    const { identity, records } = topicOf(name)
    const position = await subscription.position(name, ONLY_PARTITION)
    if (position !== undefined && position.topicIdentity !== identity)
      throw new HubError('BUS_ANNEN_TOPIC', 'permanent', `Topic ${name} was made anew.`)
    const from = position?.nextOffset ?? 0
    const fresh = records.slice(from).map((record, at) => ({ ...record, offset: from + at }))
    if (fresh.length === 0) return
    const nextOffset = from + fresh.length
    const batch = { topic: name, partition: ONLY_PARTITION, topicIdentity: identity, records: fresh, nextOffset }
    await subscription.deliver(batch)
    shown.set(`${subscription.group} ${name}`, nextOffset)
  }

  const log: OutsideLog = {
    records: (name) => topicOf(name).records,
    remake,
    remove,
    has: (name) => topics.has(name),
    onAcknowledged: () => {},
    bus(time) {
      const closing = new AbortController()
      async function follow(subscription: BusSubscription, name: string): Promise<void> {
        while (!closing.signal.aborted) {
          try {
            await look(subscription, name)
            subscription.round?.(name, ONLY_PARTITION)
          } catch (error) {
            if (error instanceof HubError && error.disposition === 'permanent')
              return subscription.stopped(name, ONLY_PARTITION, error)
            subscription.round?.(name, ONLY_PARTITION, error)
          }
          await sleep(time.timers, LOOK_EVERY_MS, closing.signal).catch(() => {})
        }
      }
      return {
        async ensureTopics(names) {
          for (const name of names) if (!topics.has(name)) remake(name)
        },
        async append(records) {
          for (const record of records) topicOf(record.topic).records.push(record)
          log.onAcknowledged()
        },
        async consume(subscription) {
          const loops = subscription.topics.map((name) => follow(subscription, name))
          return {
            async stop() {
              closing.abort()
              await Promise.all(loops)
            },
          }
        },
        ends: async (name) => {
          const { identity, records } = topicOf(name)
          return [{ partition: ONLY_PARTITION, topicIdentity: identity, endOffset: records.length }]
        },
        outside: {
          identities: async (names) =>
            new Map(
              names.flatMap((name) => {
                const topic = topics.get(name)
                return topic === undefined ? [] : [[name, topic.identity] as const]
              }),
            ),
          async shown(group, name) {
            const offset = shown.get(`${group} ${name}`)
            return offset === undefined ? new Map() : new Map([[ONLY_PARTITION, offset]])
          },
        },
        close: async () => closing.abort(),
      }
    },
  }
  return log
}
