import { readFileSync } from 'node:fs'
import { type BrokerDesk, createBrokerDesk, readTopicPlans } from '@samband/bus/kafka'
import { realTime } from '@samband/process'
import { createKeptLog } from '@samband/runtime/testing'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { examine } from './examine.ts'

const ABOUT = /^(SAMBAND_KAFKA|advertised\.listeners|deploy\/kafka|Kafka)/
const PLANS = readTopicPlans(readFileSync(new URL('../../../deploy/kafka/topics.json', import.meta.url), 'utf8'))
const GROUPS = ['forsendelse-intake', 'journal-archiver', 'forsendelse-dispatcher', 'operations']
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

const found = (env: Record<string, string>) => examine(ABOUT, env)

/** Whoever comes without login may do everything; whoever logs in, what was granted. */
const AUTHORIZER = [
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS',
]

withServer('the doctor and a Kafka with rights', await ownKafka(AUTHORIZER), (kafka) => {
  let desk: BrokerDesk
  beforeAll(() => {
    desk = createBrokerDesk({ brokers: [kafka.address], clientId: 'test' }, realTime(), createKeptLog())
  })
  afterAll(async () => {
    await desk.close()
    await kafka.release()
  })

  const asUser = {
    SAMBAND_KAFKA_BROKERS: kafka.scram,
    SAMBAND_KAFKA_USER: kafka.login.username,
    SAMBAND_KAFKA_PASSWORD: kafka.login.password,
  }

  async function grant(resourceType: number, names: readonly string[], operations: readonly number[]): Promise<void> {
    const acl = names.flatMap((resourceName) =>
      operations.map((operation) => ({
        resourceType,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${kafka.login.username}`,
        host: '*',
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    )
    await desk.ask('granting', (admin) => admin.createAcls({ acl }))
  }

  test('topics that are missing, and then those that differ dangerously from their plan, are faults', async () => {
    const before = await found({ SAMBAND_KAFKA_BROKERS: kafka.address })
    for (const { name } of PLANS) expect(before).toContain(`fault deploy/kafka/topics.json: Emnet ${name} finnes ikke.`)
    expect(before).toContainEqual(expect.stringMatching(/^warning SAMBAND_KAFKA_BROKERS: Klyngen har 1 megler/))
    expect((await desk.topics(PLANS.map(({ name }) => name))).size).toBe(0)
    await desk.create(
      PLANS.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions, replicationFactor: 1 })),
    )
    const after = await found({ SAMBAND_KAFKA_BROKERS: kafka.address })
    for (const { name } of PLANS)
      expect(after).toContain(`fault deploy/kafka/topics.json: Farlig avvik: ${name} har 1 kopier, planen sier 3.`)
    expect(after).toContain(`ok SAMBAND_KAFKA_USER: Vi får skrive til og lese fra ${PLANS.length} emner.`)
    expect(after).toContain('ok SAMBAND_KAFKA_USER: Leserne får bruke gruppene sine.')
  })

  test('a user without rights is told what is missing, right by right, and nothing once all are given', async () => {
    const names = PLANS.map(({ name }) => name)
    expect(await found(asUser)).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_KAFKA_BROKERS: .*BUS_TILGANG_NEKTET/),
    )
    await grant(AclResourceTypes.TOPIC, names, [AclOperationTypes.DESCRIBE, AclOperationTypes.READ])
    await grant(AclResourceTypes.GROUP, GROUPS.slice(1), [AclOperationTypes.READ])
    await expect
      .poll(() => found(asUser), { timeout: 30_000 })
      .toContain(
        `fault SAMBAND_KAFKA_USER: Brukeren mangler rettigheter: ${names
          .map((name) => `Write på ${name}`)
          .sort()
          .join(', ')}.`,
      )
    const half = await found(asUser)
    expect(half).toContain('fault SAMBAND_KAFKA_USER: Brukeren får ikke bruke gruppene forsendelse-intake.')
    expect(half).toContainEqual(
      expect.stringMatching(/^warning deploy\/kafka\/topics\.json: Emnenes innstillinger kan ikke leses/),
    )
    await grant(AclResourceTypes.TOPIC, names, [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE_CONFIGS])
    await grant(AclResourceTypes.GROUP, GROUPS, [AclOperationTypes.READ])
    await expect
      .poll(() => found(asUser), { timeout: 30_000 })
      .toContain('ok SAMBAND_KAFKA_USER: Leserne får bruke gruppene sine.')
    expect(await found(asUser)).toContain(`ok SAMBAND_KAFKA_USER: Vi får skrive til og lese fra ${names.length} emner.`)
  })

  test('a refused login and a certificate that is not trusted are told by their variables', async () => {
    expect(await found({ ...asUser, SAMBAND_KAFKA_PASSWORD: 'hunter2' })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_KAFKA_BROKERS: .*BUS_INNLOGGING_AVVIST/),
    )
    expect(await found({ SAMBAND_KAFKA_BROKERS: kafka.tls, SAMBAND_KAFKA_TLS: 'true' })).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_KAFKA_BROKERS: .*BUS_SERTIFIKAT_AVVIST/),
    )
  })

  test('one broker of the list that is not there is a fault, and the others are asked', async () => {
    const brokers = `${kafka.address},127.0.0.1:1`
    const told = await found({ SAMBAND_KAFKA_BROKERS: brokers })
    expect(told).toContainEqual(
      expect.stringMatching(/^fault SAMBAND_KAFKA_BROKERS: Megleren 127\.0\.0\.1:1 kan ikke nås/),
    )
    expect(told).toContain('ok SAMBAND_KAFKA_BROKERS: Kafka slipper oss inn; klyngen har 1 meglere.')
  })

  test('nothing was written to any topic, and no other was made', async () => {
    for (const { name } of PLANS) for (const { endOffset } of await desk.ranges(name)) expect(endOffset).toBe(0)
    const topics = await desk.ask('listing topics', (admin) => admin.listTopics())
    expect(topics.sort()).toEqual(PLANS.map(({ name }) => name).sort())
  })
})

withServer(
  'the doctor and a Kafka that tells a wrong address',
  await ownKafka(['advertised.listeners=PLAINTEXT://127.0.0.1:1']),
  (kafka) => {
    afterAll(() => kafka.release())

    test('the address is told, with the setting of the broker', async () => {
      expect(await found({ SAMBAND_KAFKA_BROKERS: kafka.address })).toContainEqual(
        expect.stringMatching(/^fault advertised\.listeners: Megleren 127\.0\.0\.1:1 kan ikke nås/),
      )
    })
  },
)
