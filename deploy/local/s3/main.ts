import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { StandIn } from './stand-ins.ts'
import { buildsS3sFs, standIns } from './stand-ins.ts'

/** One S3-compatible server on 127.0.0.1, without Docker. The README beside this file tells how it is used. */
const usage = `node deploy/local/s3/main.ts <verb> [options]

  install [--with NAME]                       builds the server once, which takes minutes; does nothing when it is there
  start --dir D [--port N] [--with NAME] [--bucket B]
                                              prints one line of JSON once the server answers; keeps its files in D
  stop --dir D, kill --dir D                  ends it with SIGTERM (after five seconds with SIGKILL), with SIGKILL
  status --dir D                              prints that line again, or ends with 3 when it does not run

NAME is s3s-fs or moto; left out: s3s-fs where it is built already or can be, else moto.
`
const START_WITHIN_MS = 30_000
const END_WITHIN_MS = 5_000
const PORT_TRIES = 5

/** What a later call needs to know of a server that was started. */
interface State {
  readonly pid: number
  readonly port: number
  readonly standIn: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    port: { type: 'string' },
    with: { type: 'string' },
    bucket: { type: 'string' },
  },
})
const environment = process.env
const cache =
  environment['SAMBAND_SERVERS_CACHE'] ?? join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'samband')

const [verb] = positionals
if (verb === 'install') console.log(install(chosen()))
else if (verb === 'start') await start(directory())
else if (verb === 'stop') await end(directory(), 'SIGTERM')
else if (verb === 'kill') await end(directory(), 'SIGKILL')
else if (verb === 'status') status(directory())
else fail(usage)

function directory(): string {
  if (values.dir === undefined) fail(usage)
  return resolve(values.dir)
}

function chosen(): StandIn {
  const { s3sFs, moto } = standIns
  if (values.with === undefined) return existsSync(programOf(s3sFs)) || canBuild() ? s3sFs : moto
  const wanted = Object.values(standIns).find(({ name }) => name === values.with)
  return wanted ?? fail(usage)
}

function canBuild(): boolean {
  const rustc = spawnSync('rustc', ['--version'], { encoding: 'utf8' })
  const cargo = spawnSync('cargo', ['--version'])
  return cargo.status === 0 && rustc.status === 0 && buildsS3sFs(rustc.stdout)
}

function homeOf({ name, version }: StandIn): string {
  return join(cache, `${name}-${version}`)
}

function programOf(standIn: StandIn): string {
  return join(homeOf(standIn), standIn.program)
}

/** Builds beside the final place and moves it there whole, so that two runs at once only do the work twice. */
function install(standIn: StandIn): string {
  const program = programOf(standIn)
  if (existsSync(program)) return program
  const home = homeOf(standIn)
  const half = `${home}.half-${process.pid}`
  console.error(`Building ${standIn.name} ${standIn.version} once, into ${cache}; this may take minutes.`)
  mkdirSync(half, { recursive: true })
  const fault = built(standIn, half)
  rmSync(join(half, 'target'), { recursive: true, force: true })
  if (fault === undefined && !existsSync(program)) renameSync(half, home)
  rmSync(half, { recursive: true, force: true })
  return fault === undefined ? program : fail(`${standIn.name} could not be built: ${fault}`)
}

/** What went wrong, if anything did. */
function built(standIn: StandIn, half: string): string | undefined {
  for (const [command = '', ...args] of standIn.build(half)) {
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
    if (status !== 0) return `${command} ended with ${error?.message ?? status}`
  }
  return undefined
}

async function start(dir: string): Promise<void> {
  const running = runningIn(dir)
  if (running !== undefined) {
    tell(running)
    return
  }
  const standIn = chosen()
  const program = install(standIn)
  mkdirSync(join(dir, 'data'), { recursive: true })
  // A server that was killed comes back where its clients look for it.
  const fixed = values.port === undefined ? stateIn(dir)?.port : Number(values.port)
  for (let tries = 1; tries <= PORT_TRIES; tries += 1) {
    const port = fixed ?? (await freePort())
    const pid = await started(standIn, program, dir, port)
    if (pid === undefined) continue
    const state: State = { pid, port, standIn: standIn.name }
    if (values.bucket !== undefined) await standIn.makeBucket(values.bucket, { port, dataDir: join(dir, 'data') })
    writeFileSync(join(dir, 'server.json'), JSON.stringify(state))
    console.error(`${standIn.name} ${standIn.version} stands in for S3: ${standIn.differs}`)
    tell(state)
    return
  }
  fail(`${standIn.name} did not start; see ${join(dir, 'server.log')}`)
}

/** The process id once the server answers on the port; `undefined` when it ended, as where the port was taken. */
async function started(standIn: StandIn, program: string, dir: string, port: number): Promise<number | undefined> {
  const log = openSync(join(dir, 'server.log'), 'a')
  const child = spawn(program, standIn.args(port, join(dir, 'data')), {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: environment['PATH'] },
  })
  closeSync(log)
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  for (const startedMs = performance.now(); performance.now() - startedMs < START_WITHIN_MS; ) {
    if (ended) return undefined
    if (await answers(port)) {
      // Whoever had the port before would have answered as well, and ours is about to end.
      await sleep(50)
      child.unref()
      return ended ? undefined : child.pid
    }
    await sleep(20)
  }
  child.kill('SIGKILL')
  return undefined
}

async function end(dir: string, signal: NodeJS.Signals): Promise<void> {
  const running = runningIn(dir)
  if (running === undefined) return
  process.kill(running.pid, signal)
  const patientUntilMs = performance.now() + END_WITHIN_MS
  while (runningIn(dir) !== undefined) {
    // s3s-fs waits for requests whose sender is gone.
    if (performance.now() > patientUntilMs) process.kill(running.pid, 'SIGKILL')
    await sleep(10)
  }
}

function status(dir: string): void {
  const running = runningIn(dir)
  if (running !== undefined) tell(running)
  else {
    console.log('stopped')
    process.exitCode = 3
  }
}

function tell({ port, standIn: name, pid }: State): void {
  const standIn = Object.values(standIns).find((one) => one.name === name)
  const { accessKey, secretKey, can } = standIn ?? fail(`server.json names ${name}, which is not known here`)
  console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${port}`, accessKey, secretKey, standIn: name, can, pid }))
}

function stateIn(dir: string): State | undefined {
  const path = join(dir, 'server.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : undefined
}

function runningIn(dir: string): State | undefined {
  const state = stateIn(dir)
  if (state === undefined || !isAlive(state.pid)) return undefined
  return state
}

/** A process id may have been given to another program since; where /proc tells, it is looked at. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const told = `/proc/${pid}/cmdline`
  if (!existsSync('/proc/self/cmdline')) return true
  try {
    // The line of a zombie is empty: it has ended, and only its parent has not noticed yet.
    return Object.values(standIns).some(({ shows }) => readFileSync(told, 'utf8').includes(shows))
  } catch {
    return false
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (answered: boolean) => {
      socket.destroy()
      settle(answered)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((settle, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? settle(address.port) : reject(new Error('no port')),
      )
    })
  })
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
