/**
 * A Kafka broker on this machine, without Docker: `node deploy/local/kafka/main.ts start --dir <folder>`. See README.md.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type BrokerPorts, serverProperties } from './server-properties.ts'

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url))
const CLUSTER_ID = 'samband-local-broker-0'
const LOGIN = { username: 'samband', password: 'samband' }
const START_MS = 90_000
const STOP_MS = 30_000
const LOOK_MS = 50

/** Ends the program with a sentence for the person at the terminal. */
class Unable extends Error {}

const java = process.env['JAVA_HOME'] === undefined ? 'java' : join(process.env['JAVA_HOME'], 'bin', 'java')

/** The folder with Kafka's jars, fetched by Maven the first time. */
function jars(): string {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(POM, 'utf8'))?.[1]
  if (version === undefined) throw new Unable(`${POM} names no version of Kafka.`)
  const cache = process.env['SAMBAND_KAFKA_CACHE'] ?? join(homedir(), '.cache', 'samband')
  const folder = join(cache, `kafka-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  // Complete or not there at all, also when two runs fetch at once or one is interrupted.
  const fresh = mkdtempSync(join(cache, 'fetching-'))
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`]
    execFileSync('mvn', ['--batch-mode', '--quiet', '--file', POM, ...goal], { stdio: ['ignore', 2, 2] })
    renameSync(fresh, folder)
  } catch (cause) {
    if (!existsSync(folder))
      throw new Unable('Maven could not fetch Kafka. Is `mvn` installed, and the network there?', { cause })
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return folder
}

function javaArguments(program: string, args: readonly string[]): string[] {
  const log = '-Dorg.slf4j.simpleLogger'
  // Quick to start rather than quick in the long run.
  const vm = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `${log}.showDateTime=true`]
  return [...vm, '-cp', join(jars(), '*'), program, ...args]
}

const run = (file: string, args: readonly string[]) => execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })

/** A CA of its own and a certificate for 127.0.0.1 and localhost. */
function certificates(folder: string): { readonly keyAndCertificate: string; readonly ca: string } {
  const at = (name: string) => join(folder, name)
  const files = { keyAndCertificate: at('broker.pem'), ca: at('ca.pem') }
  if (existsSync(files.keyAndCertificate)) return files
  mkdirSync(folder, { recursive: true })
  const rsa = ['-newkey', 'rsa:2048', '-nodes', '-keyout']
  run('openssl', [
    'req',
    '-x509',
    ...rsa,
    at('ca.key'),
    '-days',
    '365',
    '-subj',
    '/CN=Samband test CA',
    '-out',
    files.ca,
  ])
  run('openssl', ['req', ...rsa, at('broker.key'), '-subj', '/CN=localhost', '-out', at('broker.csr')])
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const signer = ['-CA', files.ca, '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '365', '-extfile', at('names')]
  run('openssl', ['x509', '-req', '-in', at('broker.csr'), ...signer, '-out', at('broker.crt')])
  writeFileSync(
    files.keyAndCertificate,
    readFileSync(at('broker.key'), 'utf8') + readFileSync(at('broker.crt'), 'utf8'),
  )
  return files
}

/** Ports that nobody has, all held until each is known so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer()
      await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

/** The ports of the first start are those of every later one. */
async function portsOf(dir: string, isSecure: boolean): Promise<BrokerPorts> {
  const file = join(dir, 'ports.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const [plain = 0, controller = 0, tls = 0, scram = 0, scramTls = 0, oauth = 0] = await freePorts(6)
  const ports: BrokerPorts = { plain, controller, ...(isSecure && { tls, scram, scramTls, oauth }) }
  writeFileSync(file, JSON.stringify(ports))
  return ports
}

/** The broker's process, if it runs. A number in a file may by now belong to another process, so its command line is compared. */
function runningPid(dir: string): number | undefined {
  const file = join(dir, 'kafka.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (!(pid > 0)) return undefined
  try {
    const commandLine = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    return commandLine.includes(join(dir, 'server.properties')) ? pid : undefined
  } catch {
    return undefined
  }
}

/** Whether the broker names one live broker: registered and serving. Sends a Metadata request version 1 without topics. */
function answers(port: number): Promise<boolean> {
  const request = Buffer.from('0000000e0003000100000007ffff00000000', 'hex')
  const { promise, resolve: done } = Promise.withResolvers<boolean>()
  const socket = net.connect({ host: '127.0.0.1', port, timeout: 2_000 }, () => socket.write(request))
  socket.once('data', (data) => {
    const answer = Buffer.from(data)
    done(answer.length >= 12 && answer.readInt32BE(4) === 7 && answer.readInt32BE(8) === 1)
  })
  for (const event of ['error', 'timeout', 'close']) socket.once(event, () => done(false))
  return promise.finally(() => socket.destroy())
}

function describe(dir: string, ports: BrokerPorts): object {
  const { controller: _, ...listeners } = ports
  const addresses = Object.fromEntries(Object.entries(listeners).map(([name, port]) => [name, `127.0.0.1:${port}`]))
  return {
    pid: runningPid(dir),
    ...addresses,
    ...(ports.tls !== undefined && { caFile: join(dir, 'tls', 'ca.pem'), login: LOGIN }),
  }
}

function requireJava(): void {
  try {
    run(java, ['-version'])
  } catch (cause) {
    throw new Unable(`There is no Java at "${java}": install Java 17 or newer, or set JAVA_HOME.`, { cause })
  }
}

async function start(dir: string, isSecure: boolean, more: readonly string[]): Promise<object> {
  mkdirSync(dir, { recursive: true })
  const ports = await portsOf(dir, isSecure)
  if (runningPid(dir) !== undefined) return describe(dir, ports)
  requireJava()
  const properties = join(dir, 'server.properties')
  const dataFolder = join(dir, 'data')
  const tls = ports.tls === undefined ? undefined : certificates(join(dir, 'tls'))
  writeFileSync(properties, serverProperties({ dataFolder, ports, more, ...(tls && { tls }) }))
  const log = openSync(join(dir, 'kafka.log'), 'a')
  if (!existsSync(join(dataFolder, 'meta.properties'))) {
    const users = ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${LOGIN.username},password=${LOGIN.password}]`,
    ])
    const format = ['format', '--config', properties, '--cluster-id', CLUSTER_ID, ...users]
    execFileSync(java, javaArguments('kafka.tools.StorageTool', format), { stdio: ['ignore', log, log] })
  }
  const broker = spawn(java, javaArguments('kafka.Kafka', [properties]), {
    detached: true,
    stdio: ['ignore', log, log],
  })
  let hasEnded = false
  broker.once('exit', () => {
    hasEnded = true
  })
  writeFileSync(join(dir, 'kafka.pid'), String(broker.pid))
  const deadline = performance.now() + START_MS
  while (!(await answers(ports.plain))) {
    if (hasEnded) throw new Unable(`Kafka ended while it started: see ${join(dir, 'kafka.log')}.`)
    if (performance.now() > deadline) {
      await end(dir, 'SIGKILL')
      throw new Unable(`Kafka gave no answer within ${START_MS / 1000} s: see ${join(dir, 'kafka.log')}.`)
    }
    await sleep(LOOK_MS)
  }
  broker.unref()
  return describe(dir, ports)
}

/** Returns when the process is gone. */
async function end(dir: string, signal: NodeJS.Signals): Promise<object> {
  const pid = runningPid(dir)
  if (pid !== undefined) process.kill(pid, signal)
  const deadline = performance.now() + STOP_MS
  while (runningPid(dir) !== undefined) {
    if (performance.now() > deadline) throw new Unable(`Process ${pid} is still there after ${STOP_MS / 1000} s.`)
    await sleep(LOOK_MS)
  }
  rmSync(join(dir, 'kafka.pid'), { force: true })
  return { stopped: true }
}

async function obey(): Promise<object> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: join(dirname(POM), '..', '..', '..', 'var', 'kafka') },
      secure: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] },
    },
  })
  const dir = resolve(values.dir)
  switch (positionals[0]) {
    case 'install':
      return { jars: jars() }
    case 'start':
      return start(dir, values.secure, values.set)
    case 'stop':
      return end(dir, 'SIGTERM')
    case 'kill':
      return end(dir, 'SIGKILL')
    case 'status':
      return runningPid(dir) === undefined ? { stopped: true } : describe(dir, await portsOf(dir, values.secure))
    default:
      throw new Unable('Say one of: install, start, stop, kill, status. See deploy/local/kafka/README.md.')
  }
}

try {
  console.log(JSON.stringify(await obey()))
} catch (error) {
  if (!(error instanceof Unable)) throw error
  console.error(error.message)
  process.exitCode = 1
}
