import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createKafkaBus, type KafkaSettings, readKafkaEnv, withTokens } from '@samband/bus/kafka'
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
      ['SCRAM-SHA-256', { brokers: [kafka.scram], login: { ...scram, mechanism: 'scram-sha-256' } }],
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

  describe('by the environment alone', () => {
    /** A token endpoint that knows one client. */
    async function tokenEndpoint(): Promise<string> {
      const server = createServer((incoming, outgoing) => {
        const isKnown = incoming.headers.authorization === `Basic ${Buffer.from('samband:hemmelig').toString('base64')}`
        if (!isKnown) return void outgoing.writeHead(401).end()
        outgoing.end(JSON.stringify({ access_token: token('samband'), expires_in: 300 }))
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
    }

    function settingsOf(env: Record<string, string>): KafkaSettings {
      const read = readKafkaEnv(env)
      if ('faults' in read) throw new Error(read.faults.join())
      return withTokens(read.settings, realTime())
    }

    test('OAUTHBEARER with client credentials lets in, and a refused client is told by its variable', async () => {
      const env = {
        SAMBAND_KAFKA_BROKERS: kafka.oauth,
        SAMBAND_KAFKA_LOGIN: 'oauthbearer',
        SAMBAND_KAFKA_TOKEN_URL: await tokenEndpoint(),
        SAMBAND_KAFKA_TOKEN_CLIENT: 'samband',
        SAMBAND_KAFKA_TOKEN_SECRET: 'hemmelig',
      }
      const { bus, topic } = open(settingsOf(env))
      await bus.ensureTopics([topic])
      await bus.append([record(topic, 'r-1')])
      expect((await bus.ends(topic)).map(({ endOffset }) => endOffset).sort()).toEqual([0, 1])
      const refused = open(settingsOf({ ...env, SAMBAND_KAFKA_TOKEN_SECRET: 'hunter2' }))
      await expect(refused.bus.ends(topic)).rejects.toMatchObject({
        code: 'BUS_INNLOGGING_AVVIST',
        disposition: 'paused',
        message: expect.stringContaining('SAMBAND_KAFKA_TOKEN_CLIENT'),
      })
    })

    test('SCRAM-SHA-256 over TLS', async () => {
      const { bus, topic } = open(
        settingsOf({
          SAMBAND_KAFKA_BROKERS: kafka.scramTls,
          SAMBAND_KAFKA_TLS: 'true',
          SAMBAND_KAFKA_CA_FILE: caFile,
          SAMBAND_KAFKA_LOGIN: 'scram-sha-256',
          SAMBAND_KAFKA_USER: login.username,
          SAMBAND_KAFKA_PASSWORD: login.password,
        }),
      )
      await bus.ensureTopics([topic])
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
