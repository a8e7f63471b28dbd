import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** A program that listens when it has started, and what it is started with. */
export interface Startable {
  /** As it is called in what it says. */
  readonly name: string
  readonly file: string
  /** An environment that is enough, in a folder of the test's own. */
  surroundings(): { readonly folder: string; readonly env: Readonly<Record<string, string>> }
}

/** Starts a program as an operator does. `first` resolves with its first line; `ended` with its exit code and what it wrote to standard error. */
export function start(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  const first = Promise.race([
    once(child.stdout, 'data').then(([line]) => JSON.parse(String(line)) as { listening: string }),
    ended.then(({ code }) => {
      throw new Error(`it ended with ${code} before it was ready: ${errors}`)
    }),
  ])
  // Whoever waits for an end has no use for the line.
  first.catch(() => {})
  return { first, ended, errors: () => errors, stop: () => void child.kill('SIGTERM') }
}

/** Defines what holds for the start of every program, and for what prevents it. */
export function startTests({ name, file, surroundings }: Startable): void {
  test(`${name}: a port that is taken is named, and the next start finds everything in order`, async () => {
    const { env } = surroundings()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    const refused = await start(file, { ...env, SAMBAND_PORT: String(address.port) }).ended
    taken.close()
    expect(refused).toEqual({
      code: 1,
      errors: expect.stringMatching(new RegExp(`^${name} cannot start: the port of SAMBAND_PORT is taken`, 'm')),
    })

    const second = start(file, { ...env, SAMBAND_LOG_LEVEL: 'warn' })
    await second.first
    second.stop()
    const { code, errors } = await second.ended
    expect(code).toBe(0)
    expect(errors).not.toContain('did not stop properly')
  })

  test(`${name}: a folder of tenants that is not there ends the start with 78, by the name of its variable`, async () => {
    const { folder, env } = surroundings()
    const { code, errors } = await start(file, { ...env, SAMBAND_TENANTS: join(folder, 'tenant') }).ended
    expect(code).toBe(78)
    expect(errors).toContain('SAMBAND_TENANTS names no folder that is there')
  })

  test(`${name}: a file where the folder of tenants is expected ends the start with 78`, async () => {
    const { folder, env } = surroundings()
    const aFile = join(folder, 'a-file')
    writeFileSync(aFile, '')
    const { code, errors } = await start(file, { ...env, SAMBAND_TENANTS: aFile }).ended
    expect(code).toBe(78)
    expect(errors).toContain('SAMBAND_TENANTS names a file')
  })

  test(`${name}: an environment with faults ends the start with 78, every one by the name of its variable and without its value`, async () => {
    const { env } = surroundings()
    const { code, errors } = await start(file, { ...env, SAMBAND_TOKEN_KEY: 'kort', SAMBAND_PORT: 'havn-1' }).ended
    expect(code).toBe(78)
    expect(errors).toMatch(/SAMBAND_TOKEN_KEY .*\n.*SAMBAND_PORT |SAMBAND_PORT .*\n.*SAMBAND_TOKEN_KEY /)
    expect(errors).not.toMatch(/kort|havn-1/)
  })
}
