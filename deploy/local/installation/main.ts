import { openSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openFrontDoor } from './front-door.ts'
import { allListening, Replica, SERVICES } from './replica.ts'
import { type Servers, startServers } from './servers.ts'

/** A whole installation on this machine, until SIGTERM or SIGINT, or until the parent is gone. See README.md. */
const { values } = parseArgs({
  options: { replicas: { type: 'string', default: '2' }, log: { type: 'string', default: '/dev/stderr' } },
})
const STOP_WITHIN_MS = 15_000

const closers: (() => Promise<unknown>)[] = []
let ending: Promise<void> | undefined
const end = (code: number) => {
  ending ??= (async () => {
    await starting.catch(() => {})
    for (const close of closers.splice(0).reverse()) await close()
    process.exit(code)
  })()
}
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(signal, () => end(0))

const starting = start()
starting.catch((error: unknown) => {
  if (ending === undefined) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  end(1)
})

async function start(): Promise<void> {
  const servers: Servers = await startServers()
  closers.push(() => servers.close())
  const { SAMBAND_PORT: _, ...own } = Object.fromEntries(
    Object.entries(process.env).filter((one): one is [string, string] => one[1] !== undefined),
  )
  const errorsTo = openSync(values.log, 'a')
  const replicas = SERVICES.flatMap((service) =>
    Array.from({ length: Number(values.replicas) }, () => new Replica(service, { ...own, ...servers.env }, errorsTo)),
  )
  if (ending !== undefined) return
  for (const replica of replicas) replica.start()
  closers.push(() => Promise.all(replicas.map((replica) => replica.stop(STOP_WITHIN_MS))))
  await allListening(replicas)
  const door = await openFrontDoor(replicas)
  closers.push(() => door.close())
  await door.ready(1)
  const addresses = Object.fromEntries(
    SERVICES.map((name) => [name, replicas.filter(({ service }) => service === name).map(({ address }) => address)]),
  )
  process.stdout.write(`${JSON.stringify({ listening: door.url, services: addresses, servers: servers.env })}\n`)
}
