import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { Logger } from '@samband/kernel'
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { rankedLog } from './client-log.ts'
import type { KafkaLogin, KafkaSettings } from './settings.ts'

/** A client of its own, with sockets of its own. */
export interface KafkaClient {
  readonly kafka: Kafka
  /** Cuts every socket and allows no new one, whatever kafkajs is doing. What it was doing fails; its lines are no longer logged. */
  discard(): void
}

const KEEP_ALIVE_MS = 60_000
const CONNECT_MS = 10_000
const REQUEST_MS = 15_000

/** Few and quick tries: the adapter tries again itself, and knows more. Named in full, since kafkajs has other defaults in tests. */
export const QUICK_RETRY = { initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2, retries: 3 }

/** For members of a group: one that is back within ten seconds keeps its place; a new one waits until the old one's session ends. */
export const PATIENT_RETRY = { ...QUICK_RETRY, maxRetryTime: 1_000, retries: 12 }

/** kafkajs writes into the object it is given: with a shared one, a later client would log in with the first one's password. */
function freshLogin(login: KafkaLogin): NonNullable<KafkaConfig['sasl']> {
  if (login.mechanism !== 'oauthbearer') return { ...login }
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await login.token() }) }
}

/** Makes a client. It connects when it is first used. */
export function createClient(settings: KafkaSettings, log: Logger, retry = QUICK_RETRY): KafkaClient {
  const sockets = new Set<net.Socket>()
  let isDiscarded = false

  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const servername = net.isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    sockets.add(socket)
    socket.once('close', () => void sockets.delete(socket))
    if (isDiscarded) socket.destroy(discarded())
    return socket
  }

  const { caFile } = settings.tls ?? {}
  const ssl = settings.tls && (caFile === undefined ? true : { ca: [readFileSync(caFile, 'utf8')] })
  const kafka = new Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry,
    logLevel: logLevel.INFO,
    logCreator: rankedLog(log, () => isDiscarded),
    socketFactory,
    ...(ssl && { ssl }),
    ...(settings.login && { sasl: freshLogin(settings.login) }),
  })

  return {
    kafka,
    discard() {
      isDiscarded = true
      for (const socket of sockets) socket.destroy(discarded())
    },
  }
}

function discarded(): Error {
  return new Error('This client was thrown away.')
}
