import { createKafkaBus, type KafkaSettings } from '@samband/bus/kafka'
import { realTime } from '@samband/process'
import { createKeptLog } from '@samband/runtime/testing'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ownKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { createInbox, QUICK, record, until } from './kafka-world.ts'

/** A token as Kafka's unsecured login module takes it: no signature. */
function token(subject: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + 300 })}.`
}

withServer('Kafka with login and encryption', await ownKafka(), (kafka) => {
  afterAll(() => kafka.release())

  const { caFile, login } = kafka
  const scram = { mechanism: 'scram-sha-512', ...login } as const
  let number = 0

  function open(settings: Omit<KafkaSettings, 'clientId'>) {
    const log = createKeptLog()
    const bus = createKafkaBus({
      settings: { clientId: 'samband-test', ...settings },
      time: realTime(),
      log,
      tuning: QUICK,
      newTopics: { partitions: 2, replicas: 1 },
    })
    onTestFinished(() => bus.close())
    number += 1
    return { bus, log, topic: `secure-${number}` }
  }

  describe('lets in', () => {
    const ways: [string, Omit<KafkaSettings, 'clientId'>][] = [
      ['TLS with a CA of its own', { brokers: [kafka.tls], tls: { caFile } }],
      ['SCRAM-SHA-512', { brokers: [kafka.scram], login: scram }],
      ['SCRAM-SHA-512 over TLS', { brokers: [kafka.scramTls], tls: { caFile }, login: scram }],
      [
        'OAUTHBEARER',
        { brokers: [kafka.oauth], login: { mechanism: 'oauthbearer', token: async () => token('samband') } },
      ],
    ]
    test.each(ways)('%s: writes, reads and looks up', async (_way, settings) => {
      const { bus, topic } = open(settings)
      await bus.ensureTopics([topic])
      await bus.append([record(topic, 'r-1'), record(topic, 'r-2')])
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription(`group-${topic}`))
      await until('both came', () => inbox.texts.length === 2)

      expect(await bus.ends(topic)).toHaveLength(2)
    })
  })

  describe('keeps out', () => {
    const wrongs: [string, Omit<KafkaSettings, 'clientId'>, string][] = [
      [
        'a wrong password',
        { brokers: [kafka.scram], login: { ...scram, password: 'hunter2' } },
        'BUS_INNLOGGING_AVVIST',
      ],
      ['an unknown user', { brokers: [kafka.scram], login: { ...scram, username: 'nobody' } }, 'BUS_INNLOGGING_AVVIST'],
      [
        'a token that is none',
        { brokers: [kafka.oauth], login: { mechanism: 'oauthbearer', token: async () => 'hunter2' } },
        'BUS_INNLOGGING_AVVIST',
      ],
      ['a broker whose CA is unknown', { brokers: [kafka.tls], tls: {} }, 'BUS_SERTIFIKAT_AVVIST'],
    ]
    test.each(wrongs)('%s: paused, said clearly, and without the secret', async (_what, settings, code) => {
      const { bus, log, topic } = open(settings)
      for (const ask of [
        () => bus.ensureTopics([topic]),
        () => bus.append([record(topic, 'r-1')]),
        () => bus.ends(topic),
      ])
        await expect(ask()).rejects.toMatchObject({ code, disposition: 'paused' })
      await bus.consume(createInbox([topic]).subscription('group'))
      await until('the reader says so', () =>
        log.lines.some(({ level, fields }) => level === 'error' && fields['code'] === code),
      )

      expect(JSON.stringify(log.lines)).not.toContain('hunter2')
    })

    test('a client that does not log in where it must: an outage, for the broker says nothing', async () => {
      const { bus, topic } = open({ brokers: [kafka.scram] })

      await expect(bus.ensureTopics([topic])).rejects.toMatchObject({ code: 'BUS_UTILGJENGELIG' })
    })
  })

  test('a second client with another password does not log in with the first one’s', async () => {
    const settings = { brokers: [kafka.scram], login: scram }
    const { bus, topic } = open(settings)
    await bus.ensureTopics([topic])
    const second = open({ ...settings, login: { ...settings.login, password: 'wrong' } })

    expect(Object.keys(settings.login).sort()).toEqual(['mechanism', 'password', 'username'])
    await expect(second.bus.ends(topic)).rejects.toMatchObject({ code: 'BUS_INNLOGGING_AVVIST' })
  })
})
