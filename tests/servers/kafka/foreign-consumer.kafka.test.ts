import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createKafkaBus } from '@samband/bus/kafka'
import { openEmbeddedHub } from '@samband/hub'
import { realIds, realTime } from '@samband/process'
import { createKeptLog } from '@samband/runtime/testing'
import type { IHeaders, Producer } from 'kafkajs'
import { afterAll, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { HubClient } from '../../support/hub-client.ts'
import { letterForm } from '../../support/letter-form.ts'
import { findKafka, type TestKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { startSimulators } from '../../support/simulators.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { makeClientKeys, TEST_ORGNR, testTenant, writeTenantFiles } from '../../support/tenant-files.ts'
import { openKafkaWorld, QUICK, until } from './kafka-world.ts'

const ROOT = join(import.meta.dirname, '../../..')
const TENANT = testTenant(TEST_ORGNR[0])
const TOPIC = 'forsendelse'
const LIMIT_MS = 600_000
/** Compiling and joining a group, beside a broker and a hub on few cores. */
const READER_STARTS_MS = 180_000
/** As a virtual machine of Java that was asked to end: 128 and the number of the signal. */
const ENDED_BY_SIGTERM = 143

/** What ReadEvents.java writes for each event. */
interface Line {
  readonly ce_id: string
  readonly ce_type: string
  readonly ce_partitionkey: string
  readonly ce_correlationid: string
  readonly data: Readonly<Record<string, unknown>>
}

/** An event as the hub wrote it into its outbox. */
interface Written {
  readonly id: string
  readonly type: string
  readonly key: string
  readonly data: unknown
}

/** The Java program on the broker, in a group of that name; `lines` grows while it runs. What it has seen stays in the folder. */
function startReader(kafka: TestKafka, folder: string, group: string) {
  const { jars } = JSON.parse(
    execFileSync(process.execPath, [join(ROOT, 'deploy/local/kafka/main.ts'), 'install'], { encoding: 'utf8' }),
  )
  const java = process.env['JAVA_HOME'] === undefined ? 'java' : join(process.env['JAVA_HOME'], 'bin/java')
  const program = join(ROOT, 'deploy/consumers/ReadEvents.java')
  const document = join(ROOT, 'contracts/messages/asyncapi.json')
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  // Compiled at every start: quick to start rather than quick in the long run.
  const vm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', quiet]
  const child = spawn(java, [...vm, '-cp', `${jars}/*`, program, document, TOPIC, join(folder, 'seen')], {
    env: { ...process.env, KAFKA_BROKERS: kafka.address, KAFKA_GROUP: group },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  const notes: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)))
  createInterface({ input: child.stderr }).on('line', (line) => notes.push(line))
  onTestFailed(() => console.warn(`${lines.length} lines; the reader's notes:\n${notes.join('\n')}`))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    lines,
    notes,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

withServer('a consumer in another language', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  /** A hub whose log is this broker, with a municipality at simulators. */
  async function startHub(folder: string) {
    const keys = makeClientKeys()
    const simulators = await startSimulators({
      tenants: [TENANT.orgnr],
      publicKeyPem: keys.publicKeyPem,
      inFlightLimitMs: 2_000,
      journey: [
        { status: 'MOTTATT', afterMs: 0 },
        { status: 'LEST', afterMs: 500 },
      ],
    })
    onTestFinished(async () => void (await simulators.program.stop(2_000)))
    const timing = { startWithinMs: 1_000, inFlightMs: 2_500, lookUpLagMs: 500 }
    const tenantsFolder = join(folder, 'tenants')
    const tuning = { timing, statusPollMs: 1_000, ceiling: 4 }
    const env = writeTenantFiles(tenantsFolder, [TENANT], simulators.urls, tuning, keys)
    const time = realTime()
    const log = createKeptLog()
    const embedded = await openEmbeddedHub({
      dataFolder: join(folder, 'data'),
      tenantsFolder,
      tokenKey: new Uint8Array(32).fill(7),
      rereadMs: 60_000,
      env,
      time,
      ids: realIds(),
      log,
      settings: { statusRoundMs: 200 },
      around: {
        bus: () =>
          createKafkaBus({
            settings: { brokers: [kafka.address], clientId: 'samband-hub' },
            time,
            log,
            newTopics: { partitions: 3, replicas: 1 },
            tuning: QUICK,
          }),
      },
    })
    onTestFinished(() => embedded.stop(5_000))
    await embedded.hub.start()
    const url = await embedded.hub.app.listen({ host: '127.0.0.1', port: 0 })
    const client = new HubClient(TENANT.klientId, TENANT.klientSecret)
    return {
      async accept(eksternReferanse: string) {
        const content = Buffer.from(`%PDF-1.7 ${eksternReferanse}`)
        const documents = [{ filnavn: 'brev.pdf', mimeType: 'application/pdf', content }]
        const answer = await client.send(url, letterForm({ eksternReferanse, documents }), AbortSignal.timeout(20_000))
        expect(answer.status).toBe(202)
      },
      /** In the order they were written. */
      written: (): Promise<readonly Written[]> =>
        embedded.installation.store.read('test.outbox', async (tx) => {
          const rows = await tx.all<{ event_id: string; record_key: string; headers: string; value: Uint8Array }>(
            'SELECT event_id, record_key, headers, value FROM outbox WHERE topic = ? ORDER BY place',
            TOPIC,
          )
          return rows.map(({ event_id, record_key, headers, value }) => ({
            id: event_id,
            type: JSON.parse(headers)['ce_type'],
            key: record_key,
            data: JSON.parse(Buffer.from(value).toString('utf8')),
          }))
        }),
    }
  }

  const perKey = (events: readonly Written[]) =>
    Object.fromEntries(
      [...new Set(events.map(({ key }) => key))]
        .sort()
        .map((key) => [key, events.filter((event) => event.key === key)]),
    )
  const asWritten = ({ ce_id, ce_type, ce_partitionkey, data }: Line): Written => ({
    id: ce_id,
    type: ce_type,
    key: ce_partitionkey,
    data,
  })

  test('what the hub publishes is read with the AsyncAPI document alone: whole, in order per key, each event once', {
    timeout: LIMIT_MS,
  }, async () => {
    const folder = temporaryFolder('foreign')
    onTestFinished(folder.remove)
    const world = await openKafkaWorld(kafka.address)
    onTestFinished(() => world.dispose())
    const hub = await startHub(folder.path)
    const reader = startReader(kafka, folder.path, world.topic('first'))
    onTestFinished(async () => void (await reader.stop()))
    /** Lines about letters of this hub; a broker that is shared may hold others. */
    const read = async () => {
      const keys = new Set((await hub.written()).map(({ key }) => key))
      return reader.lines.filter(({ ce_partitionkey }) => keys.has(ce_partitionkey)).map(asWritten)
    }
    const isFinal = ({ type, data }: Written) =>
      type === 'no.samband.forsendelse.status-endret.v1' && (data as { status: string }).status === 'LEST'

    for (let number = 1; number <= 5; number++) await hub.accept(`brev-${number}`)
    await until('five letters have come to their end', async () => (await hub.written()).filter(isFinal).length === 5)
    await until('the reader has been started and reads', () => reader.lines.length > 0, READER_STARTS_MS)
    await until('their ends have been read', async () => (await read()).filter(isFinal).length === 5)
    const first = await hub.written()
    expect(perKey(await read())).toEqual(perKey(first))
    expect(new Set(first.map(({ type }) => type))).toEqual(
      new Set(['mottatt', 'sendt', 'status-endret'].map((what) => `no.samband.forsendelse.${what}.v1`)),
    )

    // Published twice, of a type that is not in the document, without a header, with content that is not as promised.
    const producer = await world.producer()
    const some = reader.lines.find(({ ce_id }) => ce_id === first[0]?.id)
    if (some === undefined) throw new Error('the first event was not read')
    await tamper(producer, some)
    await hub.accept('brev-6')
    await until('the end of the sixth letter has been read', async () => (await read()).filter(isFinal).length === 6)
    await until('all four were seen', () => reader.notes.filter((note) => note.includes(TOPIC)).length >= 4)

    expect(perKey(await read())).toEqual(perKey(await hub.written()))
    for (const reason of [
      `skipped, ${some.ce_id} has been seen`,
      'skipped, the document has no message no.samband.forsendelse.not-yet.v1',
      'refused, headers.ce_tenant is missing',
      'refused, data.eksternReferanse is missing',
    ])
      expect(reader.notes.filter((note) => note.endsWith(reason))).toHaveLength(1)

    // From the beginning again, with the ids it has kept.
    expect(await reader.stop()).toBe(ENDED_BY_SIGTERM)
    const again = startReader(kafka, folder.path, world.topic('second'))
    onTestFinished(async () => void (await again.stop()))
    const seen = () => again.notes.filter((note) => note.endsWith('has been seen')).length
    await until('the second run has been through all events', () => seen() > reader.lines.length, READER_STARTS_MS)
    expect(again.lines).toEqual([])
  })

  /** Records of a producer that does what the hub never does, on the partition of `line`'s key. */
  async function tamper(producer: Producer, line: Line): Promise<void> {
    const { data, ...attributes } = line
    const headers: IHeaders = {
      ...attributes,
      ce_specversion: '1.0',
      'content-type': 'application/json',
      ce_subject: line.ce_partitionkey,
      ce_tenant: TENANT.orgnr,
    }
    const { ce_tenant: _, ...withoutTenant } = headers
    const { eksternReferanse: __, ...withoutReference } = data
    const key = line.ce_partitionkey
    const value = JSON.stringify(data)
    await producer.send({
      topic: TOPIC,
      messages: [
        { key, headers, value },
        { key, headers: { ...headers, ce_type: 'no.samband.forsendelse.not-yet.v1' }, value },
        { key, headers: withoutTenant, value },
        { key, headers, value: JSON.stringify(withoutReference) },
      ],
    })
  }
})
