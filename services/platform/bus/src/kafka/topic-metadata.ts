import type { Kafka } from 'kafkajs'
import { groupsBody, readRefusedGroups } from './group-rights.ts'

/** What the cluster says of one topic. */
export interface TopicFacts {
  /** Kafka's topicId as its own tools print it; another one once a topic is made anew under the same name. */
  readonly identity: string
  /** Partitions, and whether each has a leader. */
  readonly partitions: readonly { readonly partition: number; readonly hasLeader: boolean; readonly replicas: number }[]
  /** What we may do, only where it was asked for. A broker without an authorizer lets everybody do everything. */
  readonly rights?: { readonly read: boolean; readonly write: boolean }
}

/**
 * The parts of kafkajs 2.2.4 that are used behind its back, since it never shows a topicId: `Kafka` keeps the maker of its clusters
 * under a symbol, and a connection sends whatever request it is handed. The version is pinned, so they stay as they are.
 */
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  readonly brokerPool: { findConnectedBroker(): Promise<{ readonly connectionPool: ConnectionPool }> }
}
interface ConnectionPool {
  send<Answer>(exchange: {
    readonly request: {
      readonly apiKey: number
      readonly apiVersion: number
      readonly apiName: string
      /** What kafkajs takes for one of its encoders. */
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
    }
    readonly response: { decode(payload: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> }
  }): Promise<Answer>
}

/** A cluster of the client, to be asked for metadata. */
export interface MetadataSource {
  /** Facts by topic; a topic that does not exist is absent. Throws what kafkajs throws, and for a refusal an error with Kafka's `type`. */
  topics(names: readonly string[], wanted?: { readonly rights: boolean }): Promise<ReadonlyMap<string, TopicFacts>>
  /** `host:port` of every broker, as it tells its clients; asked of one of the brokers to begin with. */
  brokers(): Promise<readonly string[]>
  /** Those of the groups that we may not even look up. Makes none, and asks no broker to be ready for groups. */
  refusedGroups(names: readonly string[]): Promise<readonly string[]>
  disconnect(): Promise<void>
}

const METADATA = 3
/** The first version with ids in plain requests is 10; 11 is the same without a field nobody wants. Kafka has it since 2.8. */
const VERSION = 11
const UNKNOWN_TOPIC = 3
const LEADER_NOT_AVAILABLE = 5
const REFUSALS: Readonly<Record<number, string>> = {
  29: 'TOPIC_AUTHORIZATION_FAILED',
  34: 'ILLEGAL_SASL_STATE',
}

/** Asks for topics through connections of `kafka`, with its login and its sockets. */
export function createMetadataSource(kafka: Kafka): MetadataSource {
  const symbol = Object.getOwnPropertySymbols(kafka).find((one) => one.description === 'private:Kafka:createCluster')
  const makers = kafka as unknown as Record<symbol, (options: { allowAutoTopicCreation: boolean }) => Cluster>
  const make = symbol && makers[symbol]
  if (make === undefined) throw new TypeError('This is not kafkajs 2.2.4: it has no private:Kafka:createCluster.')
  const cluster = make({ allowAutoTopicCreation: false })

  async function send<Answer>(
    request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string; readonly body: Buffer },
    read: (payload: Buffer) => Answer,
  ): Promise<Answer> {
    await cluster.connect()
    const { connectionPool } = await cluster.brokerPool.findConnectedBroker()
    const { body, ...api } = request
    return connectionPool.send({
      request: { ...api, encode: async () => ({ buf: body, buffer: body }) },
      response: { decode: async (payload) => read(payload), parse: async (answer) => answer },
    })
  }

  function ask(names: readonly string[], wantsRights: boolean): Promise<Answer> {
    const body = requestBody(names, wantsRights)
    return send({ apiKey: METADATA, apiVersion: VERSION, apiName: 'Metadata', body }, readAnswer)
  }

  return {
    topics: async (names, { rights } = { rights: false }) => (await ask(names, rights)).topics,
    brokers: async () => (await ask([], false)).brokers,
    refusedGroups: (names) =>
      send({ apiKey: 15, apiVersion: 0, apiName: 'DescribeGroups', body: groupsBody(names) }, readRefusedGroups),
    disconnect: () => cluster.disconnect(),
  }
}

interface Answer {
  readonly brokers: readonly string[]
  readonly topics: ReadonlyMap<string, TopicFacts>
}

/**
 * Metadata request version 11 after kafkajs's header version 1. A flexible request has header version 2, which is the same and then
 * one byte for "no tagged fields".
 */
function requestBody(names: readonly string[], wantsRights: boolean): Buffer {
  const topics = names.flatMap((name) => {
    const bytes = Buffer.from(name)
    return [Buffer.alloc(16), uvarint(bytes.length + 1), bytes, NO_TAGS]
  })
  const allowCreation = Buffer.from([0])
  const includeAuthorized = Buffer.from([wantsRights ? 1 : 0])
  return Buffer.concat([NO_TAGS, uvarint(names.length + 1), ...topics, allowCreation, includeAuthorized, NO_TAGS])
}

const NO_TAGS = Buffer.from([0])
/** In place of the operations when they were not asked for. */
const NOT_ASKED = -(2 ** 31)

/** Kafka sets the bit of each of its AclOperations that we are allowed: READ is 3, WRITE 4. */
function rightsOf(operations: number): { readonly read: boolean; readonly write: boolean } {
  return { read: (operations & (1 << 3)) !== 0, write: (operations & (1 << 4)) !== 0 }
}

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}

/** Reads a Metadata response version 11. kafkajs has taken the correlation id; a flexible response has tagged fields after it. */
function readAnswer(payload: Buffer): Answer {
  let at = 0
  const past = (count: number) => {
    at += Math.max(0, count)
    return at - Math.max(0, count)
  }
  const int16 = () => payload.readInt16BE(past(2))
  const int32 = () => payload.readInt32BE(past(4))
  const size = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = payload.readUInt8(past(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const bytes = (count: number) => {
    const from = past(count)
    return payload.subarray(from, at)
  }
  const text = () => bytes(size() - 1).toString()
  const list = <Item>(item: () => Item): Item[] => Array.from({ length: Math.max(0, size() - 1) }, item)
  const tags = () => {
    for (let left = size(); left > 0; left--) {
      size()
      bytes(size())
    }
  }

  tags()
  int32() // throttle time
  const brokers = list(() => {
    int32() // node
    const host = text()
    const port = int32()
    text() // rack
    tags()
    return `${host}:${port}`
  })
  text() // cluster id
  int32() // controller
  const facts = new Map<string, TopicFacts>()
  list(() => {
    const error = int16()
    const name = text()
    const identity = bytes(16).toString('base64url')
    past(1) // internal
    const partitions = list(() => {
      int16()
      const partition = int32()
      const leader = int32()
      int32() // leader epoch
      const replicas = list(int32).length
      list(int32)
      list(int32)
      tags()
      return { partition, hasLeader: leader >= 0, replicas }
    })
    const operations = int32()
    tags()
    if (error === 0 || error === LEADER_NOT_AVAILABLE)
      facts.set(name, {
        identity,
        partitions: partitions.sort((a, b) => a.partition - b.partition),
        ...(operations === NOT_ASKED ? {} : { rights: rightsOf(operations) }),
      })
    else if (error !== UNKNOWN_TOPIC)
      throw Object.assign(new Error(`Kafka answered error ${error} for topic ${name}.`), { type: REFUSALS[error] })
  })
  return { brokers: brokers.sort(), topics: facts }
}
