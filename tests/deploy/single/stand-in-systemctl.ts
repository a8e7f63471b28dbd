import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What `systemctl` does for one service, by its unit file, on a machine without systemd: start (with ExecStartPost), and stop. No restarts, no
 * sandbox; of everything else it says nothing and ends with 0.
 */
const folder = process.env['SAMBAND_UNITS'] ?? ''
const [verb, ...units] = process.argv.slice(2)
const LIMIT_MS = 60_000

for (const unit of units.filter((name) => name.endsWith('.service'))) {
  if (verb === 'start') process.exitCode = await start(unit)
  if (verb === 'stop') await stop(unit)
}

async function start(name: string): Promise<number> {
  if (runningPid(name) !== undefined) return 0
  const unit = readUnit(join(folder, name))
  const log = openSync(join(folder, `${name}.log`), 'a')
  const run = (line: string, more: Readonly<Record<string, string>> = {}): ChildProcess => {
    const env: Record<string, string | undefined> = { PATH: process.env['PATH'], ...unit.env, ...more }
    const [command = '', ...args] = line.replaceAll(/\$\{(\w+)\}/g, (_whole, key) => env[key] ?? '').split(' ')
    return spawn(command, args, { cwd: unit.one('WorkingDirectory'), env, detached: true, stdio: ['ignore', log, log] })
  }
  const main = run(unit.one('ExecStart'))
  writeFileSync(join(folder, `${name}.pid`), String(main.pid))
  const after = run(unit.one('ExecStartPost'), { MAINPID: String(main.pid) })
  const isStarted = (await ended(after)) === 0
  if (!isStarted) main.kill('SIGKILL')
  main.unref()
  return isStarted ? 0 : 1
}

async function stop(name: string): Promise<void> {
  const pid = runningPid(name)
  if (pid === undefined) return
  process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + LIMIT_MS
  while (runningPid(name) !== undefined) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL')
    await sleep(20)
  }
  rmSync(join(folder, `${name}.pid`))
}

function runningPid(name: string): number | undefined {
  const file = join(folder, `${name}.pid`)
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (!(pid > 0)) return undefined
  try {
    // Nobody may be there to take leave of a process that has ended.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') ? undefined : pid
  } catch {
    return undefined
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(null))
    child.once('exit', resolve)
  })
}

function readUnit(file: string) {
  const settings = [...readFileSync(file, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => ({
    key,
    value,
  }))
  const all = (wanted: string) => settings.filter(({ key }) => key === wanted).map(({ value }) => value)
  const pairs = [
    ...all('Environment').flatMap((value) => value.split(' ')),
    ...all('EnvironmentFile').flatMap((path) => readFileSync(path, 'utf8').split('\n')),
  ]
  const env: Record<string, string> = Object.fromEntries(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  return { env, one: (key: string) => all(key)[0] ?? '' }
}
