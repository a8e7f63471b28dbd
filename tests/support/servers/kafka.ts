import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../temporary-folder.ts'

/** A broker for the length of a suite. */
export interface TestKafka {
  /** `host:port`, without login and encryption. */
  readonly address: string
  /** Stops what was started for the suite. */
  release(): Promise<void>
}

/** A broker that belongs to the suite alone, which may kill it. */
export interface OwnKafka extends TestKafka {
  /** Listeners of a secure broker. */
  readonly tls: string
  readonly scram: string
  readonly scramTls: string
  readonly oauth: string
  readonly caFile: string
  readonly login: { readonly username: string; readonly password: string }
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>
  /** Starts it again on the same data and ports; returns when it serves. */
  start(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../../deploy/local/kafka/main.ts', import.meta.url))
const IMAGE = 'apache/kafka:4.3.1'
const run = promisify(execFile)

/** A broker: the one SAMBAND_TEST_KAFKA names, one in a container where an engine answers, else one from Maven's jars. */
export async function findKafka(): Promise<TestKafka | undefined> {
  const address = process.env['SAMBAND_TEST_KAFKA']
  if (address !== undefined) return { address, release: async () => {} }
  return (await containerKafka()) ?? (await ownKafka())
}

async function containerKafka(): Promise<TestKafka | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const hasEngine = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
  if (!hasEngine) return undefined
  const port = await freePort()
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  return { address: `127.0.0.1:${port}`, release: async () => void (await container.stop()) }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0))
    })
  })
}

/**
 * A broker from Maven's jars, with every listener; `undefined` where Java, Maven or openssl are missing.
 * @param settings lines such as `super.users=User:ANONYMOUS`, which win over the usual ones
 */
export async function ownKafka(settings: readonly string[] = []): Promise<OwnKafka | undefined> {
  const folder = temporaryFolder('kafka')
  let pid = 0
  // A run that is interrupted leaves no broker behind.
  const killAtExit = () => {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  }
  const more = settings.flatMap((line) => ['--set', line])
  const tell = async (verb: string) => {
    const { stdout } = await run(process.execPath, [PROGRAM, verb, '--dir', folder.path, '--secure', ...more])
    const answer = JSON.parse(stdout)
    pid = answer.pid ?? 0
    return answer
  }
  try {
    const { plain, ...listeners } = await tell('start')
    process.once('exit', killAtExit)
    return {
      ...listeners,
      address: plain,
      kill: () => tell('kill'),
      start: () => tell('start'),
      async release() {
        await tell('kill')
        process.off('exit', killAtExit)
        folder.remove()
      },
    }
  } catch (error) {
    console.warn(`No broker could be started: ${error instanceof Error ? error.message : error}`)
    folder.remove()
    return undefined
  }
}
