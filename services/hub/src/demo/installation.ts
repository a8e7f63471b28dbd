import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createDispatcher } from '@samband/connector-kit'
import { openPostgres } from '@samband/store/postgres'
import { DEMO_PACE, type DemoHub, type DemoHubStart, STOP_GRACE_MS } from './demo-hub.ts'

const PROGRAM = fileURLToPath(new URL('../../../../deploy/local/installation/main.ts', import.meta.url))

/** What the program of an installation says when it is up. */
interface Installation {
  readonly listening: string
  readonly services: Readonly<Record<string, readonly string[]>>
  readonly servers: Readonly<Record<string, string>>
}

/**
 * Every service in two processes, on a Kafka, a PostgreSQL and an S3 of its own: `deploy/local/installation`. Takes about half a minute.
 * @throws Error with what the program wrote, when it ends before it is up
 */
export async function startInstallation(start: DemoHubStart): Promise<DemoHub> {
  const { tenantsFolder, logFile, secrets, tokenKey, ports } = start
  const program = spawn(process.execPath, [PROGRAM, '--log', logFile], {
    env: {
      ...ports.env,
      ...secrets,
      SAMBAND_TENANTS: tenantsFolder,
      SAMBAND_TOKEN_KEY: Buffer.from(tokenKey).toString('base64'),
      SAMBAND_REREAD_MS: String(DEMO_PACE.rereadMs),
      SAMBAND_STATUS_ROUND_MS: String(DEMO_PACE.statusRoundMs),
      SAMBAND_DRAIN_MS: String(STOP_GRACE_MS),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const dispatcher = createDispatcher()
  const closers: (() => Promise<unknown>)[] = [() => ended(program), () => dispatcher.destroy()]
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const { listening, services, servers } = await firstLine(program)
    const { store } = await openPostgres({
      settings: { url: servers['SAMBAND_POSTGRES_URL'] ?? '', schema: 'samband', poolSize: 2 },
      time: ports.time,
      ids: ports.ids,
    })
    closers.push(() => store.close())
    return {
      url: listening,
      about:
        'Det er åtte prosesser, to av hver tjeneste, på Kafka, PostgreSQL og S3 som startes og stoppes sammen med demoen.',
      store,
      async openCircuits() {
        const archivers = services['journal-archiver'] ?? []
        return (await Promise.all(archivers.map((origin) => openCircuitsOf(origin)))).flat()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }

  /** Each process knows its own: they are told to whoever watches over it. */
  async function openCircuitsOf(origin: string) {
    const { body } = await dispatcher.request({ origin, path: '/readyz', method: 'GET' })
    const { apneKretser } = (await body.json()) as {
      apneKretser: readonly { readonly kommune: string; readonly system: string }[]
    }
    return apneKretser.map(({ kommune, system }) => ({ tenant: kommune, system }))
  }
}

async function firstLine(program: ChildProcess): Promise<Installation> {
  let errors = ''
  program.stderr?.on('data', (piece) => {
    errors += piece
  })
  const line = new Promise<string>((resolve) => {
    if (program.stdout !== null) createInterface({ input: program.stdout }).once('line', resolve)
  })
  const end = once(program, 'close').then(([code]) => {
    throw new Error(`Tjenestene og serverne de trenger, kom ikke i gang (${code}): ${errors.trim()}`)
  })
  // It ends some time, and by then nobody waits for it here.
  end.catch(() => {})
  return JSON.parse(await Promise.race([line, end])) as Installation
}

/** SIGTERM, once; resolves when the program and all it has started are gone. */
async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return
  const end = once(program, 'exit')
  program.kill('SIGTERM')
  await end
}
