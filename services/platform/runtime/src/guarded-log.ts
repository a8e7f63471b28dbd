import {
  type BusBatch,
  type EventBus,
  HubError,
  type IdSource,
  type Logger,
  type LogOutside,
  type Store,
  type Time,
  type Tx,
} from '@samband/kernel'
import { raiseAlarm } from './alarms.ts'

/** The header of a record that names the installation which published it. Beside the envelope, which stays as it is. */
export const INSTALLATION_HEADER = 'samband-installation'

/** What the guard is built from. */
export interface GuardedLogOptions {
  readonly bus: EventBus
  readonly outside: LogOutside
  readonly store: Store
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  /** The group that this process reads for. */
  readonly group: string
}

/**
 * A log outside of the store, guarded so that the two belong together: a database that is another one than before knows nothing of what was
 * done and would do all of it again, and what another cluster has acknowledged is lost to this one. The store keeps the identity of each topic
 * from the first time it meets it, which must be before anything stands in it; nothing is published to, or read from, another one. Every record
 * carries the id of the installation that published it; one of another installation stops the partition. A record without an id is from before
 * there were any: it stands in a log that the store has read.
 *
 * `ensureTopics` makes what is missing and was never there, and stamps distrust (R27) where the broker has been shown more of this group than the
 * store has: the database is older than what was done. To be called before the stamp is read.
 * @throws HubError BUS_FREMMED_LOGG, BUS_ANNEN_TOPIC (paused) from `ensureTopics` and `append`
 */
export function guardLog({ bus, outside, store, time, ids, log, group }: GuardedLogOptions): EventBus {
  /** By topic, as the store keeps it. */
  const claims = new Map<string, string>()
  const told = new Set<string>()
  let installation: Promise<string> | undefined

  const ourId = () => {
    installation ??= keepInstallation(store, ids).catch((error) => {
      installation = undefined
      throw error
    })
    return installation
  }

  async function claim(topic: string): Promise<string> {
    const kept = claims.get(topic)
    if (kept !== undefined) return kept
    // Asked before the log: a sibling claims a topic when it is there.
    const known = await store.read('runtime.log', (tx) => knownIdentity(tx, topic, undefined))
    let identity = (await outside.identities([topic])).get(topic)
    if (identity === undefined) {
      if (known !== undefined) throw anotherTopic(topic)
      await bus.ensureTopics([topic])
      identity = (await outside.identities([topic])).get(topic)
    }
    if (identity === undefined)
      throw new HubError('BUS_UTILGJENGELIG', 'transient', `Topic ${topic} was made but is not known yet.`)
    // Asked before the store: what a sibling publishes meanwhile comes after the claim of that sibling.
    const isEmpty = (await bus.ends(topic)).every(({ endOffset }) => endOffset === 0)
    const owned = await store.transaction('runtime.log', (tx) => keepClaim(tx, topic, identity, isEmpty, time))
    if (owned === undefined) throw foreignLog(topic)
    if (owned !== identity) throw anotherTopic(topic)
    claims.set(topic, owned)
    return owned
  }

  async function checkOwn(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await claim(topic)
    const identities = await outside.identities(topics)
    for (const topic of topics) {
      const identity = identities.get(topic)
      // A broker that has just come may not know it yet.
      if (identity === undefined)
        throw new HubError(
          'BUS_UTILGJENGELIG',
          'transient',
          `Topic ${topic} is not in the cluster; it is looked for again.`,
        )
      if (identity !== claims.get(topic)) throw anotherTopic(topic)
    }
  }

  /** A refusal is told once with its sentence; as a standstill it is told besides, for as long as it lasts. */
  function tell(error: unknown): void {
    if (!(error instanceof HubError) || error.disposition !== 'paused' || told.has(error.message)) return
    if (error.code !== 'BUS_ANNEN_TOPIC' && error.code !== 'BUS_FREMMED_LOGG') return
    told.add(error.message)
    log.error('the log is not the one that this database has written: nothing is published', { code: error.code })
    void store
      .transaction('runtime.alarm', (tx) =>
        raiseAlarm(tx, { kind: 'log-stopped', at: time.clock.now(), sentence: error.message }),
      )
      .catch(() => told.delete(error.message))
  }

  async function compareShown(topic: string): Promise<void> {
    // Asked before the store: a sibling that reads on meanwhile has its position in the store before it shows it.
    const shown = await outside.shown(group, topic)
    if (shown.size === 0) return
    const isOlder = await store.transaction('runtime.log', (tx) => distrustOlder(tx, { group, topic, shown, time }))
    if (isOlder)
      log.error(
        'the group has read more of the log than the database knows: what it does not know is asked for first',
        {
          group,
          topic,
        },
      )
  }

  async function refuseForeign(batch: BusBatch): Promise<void> {
    if (batch.topicIdentity !== (await claim(batch.topic)))
      throw new HubError('BUS_ANNEN_TOPIC', 'permanent', anotherTopic(batch.topic).message)
    const ours = await ourId()
    for (const { headers, offset } of batch.records) {
      const theirs = headers[INSTALLATION_HEADER]
      if (theirs !== undefined && theirs !== ours) throw anotherInstallation(batch, offset, theirs, ours)
    }
  }

  return {
    async ensureTopics(topics) {
      await ourId()
      for (const topic of topics) {
        await claim(topic)
        await compareShown(topic)
      }
    },
    async append(records) {
      const topics = [...new Set(records.map(({ topic }) => topic))]
      const mark = { [INSTALLATION_HEADER]: await ourId() }
      try {
        await checkOwn(topics)
        await bus.append(records.map((record) => ({ ...record, headers: { ...record.headers, ...mark } })))
        // Only what the log of this store has acknowledged counts as published, whoever has acknowledged it just now.
        await checkOwn(topics)
      } catch (error) {
        tell(error)
        throw error
      }
    },
    consume: (subscription) =>
      bus.consume({
        ...subscription,
        async deliver(batch) {
          await refuseForeign(batch)
          await subscription.deliver(batch)
        },
      }),
    ends: (topic) => bus.ends(topic),
    outside,
    close: () => bus.close(),
  }
}

async function readMeta(tx: Tx, name: string): Promise<string | undefined> {
  return (await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', name))?.value
}

async function writeMeta(tx: Tx, name: string, value: string): Promise<void> {
  await tx.run(
    'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    name,
    value,
  )
}

/** The installation's id: made once, and the same for all processes on the store, its copies and what is restored from them. */
async function keepInstallation(store: Store, ids: IdSource): Promise<string> {
  return store.transaction('runtime.installation', async (tx) => {
    const kept = await readMeta(tx, 'installation')
    if (kept !== undefined) return kept
    const made = ids.uuid()
    await writeMeta(tx, 'installation', made)
    return made
  })
}

const claimName = (topic: string) => `log ${topic}`

/** The identity under which the store knows a topic: as it was claimed, or as an older release has read it. */
async function knownIdentity(tx: Tx, topic: string, identity: string | undefined): Promise<string | undefined> {
  const claimed = await readMeta(tx, claimName(topic))
  if (claimed !== undefined) return claimed
  const read = await tx.all<{ topic_identity: string }>('SELECT topic_identity FROM bus_offset WHERE topic = ?', topic)
  return read.some((row) => row.topic_identity === identity) ? identity : read[0]?.topic_identity
}

/** Keeps the topic as the store's own if nobody has written to it, or the store has read it. Returns the identity that is the store's own. */
async function keepClaim(
  tx: Tx,
  topic: string,
  identity: string,
  isEmpty: boolean,
  { clock }: Time,
): Promise<string | undefined> {
  const known = await knownIdentity(tx, topic, identity)
  if (known === undefined && !isEmpty) {
    // Also if the topic is made anew after this: what once stood in it may have been done, and this store does not know.
    if ((await readMeta(tx, 'distrust_since')) === undefined) await writeMeta(tx, 'distrust_since', String(clock.now()))
    return undefined
  }
  if (known === undefined || known === identity) await writeMeta(tx, claimName(topic), identity)
  return known ?? identity
}

/** What the broker was shown, by place, the last time that it was more than the store had: the same is not a second restore. */
const AHEAD = 'log_ahead'

async function distrustOlder(
  tx: Tx,
  {
    group,
    topic,
    shown,
    time,
  }: {
    readonly group: string
    readonly topic: string
    readonly shown: ReadonlyMap<number, number>
    readonly time: Time
  },
): Promise<boolean> {
  const rows = await tx.all<{ part: number; next_offset: number }>(
    'SELECT part, next_offset FROM bus_offset WHERE consumer_group = ? AND topic = ?',
    group,
    topic,
  )
  const positions = new Map(rows.map(({ part, next_offset }) => [part, next_offset]))
  const ahead = [...shown]
    .filter(([partition, offset]) => offset > (positions.get(partition) ?? 0))
    .map(([partition, offset]) => [`${group} ${topic} ${partition}`, offset] as const)
  const known = JSON.parse((await readMeta(tx, AHEAD)) ?? '{}') as Readonly<Record<string, number>>
  if (ahead.every(([place, offset]) => known[place] === offset)) return false
  await writeMeta(tx, AHEAD, JSON.stringify({ ...known, ...Object.fromEntries(ahead) }))
  await writeMeta(tx, 'distrust_since', String(time.clock.now()))
  return true
}

function foreignLog(topic: string): HubError {
  return new HubError(
    'BUS_FREMMED_LOGG',
    'paused',
    `Topic ${topic} holds events, and this database has never read or written it: it is empty, or another one than before. Check ` +
      'SAMBAND_POSTGRES_URL and SAMBAND_POSTGRES_SCHEMA. If the database was lost, restore its backup. deploy/runbooks/log-stopped.md says how to go on where there is none.',
  )
}

function anotherTopic(topic: string): HubError {
  return new HubError(
    'BUS_ANNEN_TOPIC',
    'paused',
    `Topic ${topic} is not the one that this database has written: it is gone, was made anew, or SAMBAND_KAFKA_BROKERS names another cluster. ` +
      'Check that first. deploy/runbooks/log-stopped.md says how to go on with a new topic.',
  )
}

function anotherInstallation({ topic, partition }: BusBatch, offset: number, theirs: string, ours: string): HubError {
  return new HubError(
    'BUS_ANNEN_INSTALLASJON',
    'permanent',
    `Installation ${theirs} wrote what stands at offset ${offset} of partition ${partition} of ${topic}; this one is ${ours}. Two installations cannot ` +
      'share a cluster: stop one of them. deploy/runbooks/log-stopped.md says how each gets topics of its own.',
  )
}
