import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { type LettersUnderWay, prepareLetters } from './letters-under-way.ts'
import { folderMachine, freePort, type Machine, systemdMachine, whyNoSystemd } from './machine.ts'
import { laterRelease, thisRelease } from './release-tree.ts'

const STEPS = 'services/platform/store/migrations'
const MAIN = 'services/hub/src/main.ts'
const OPEN_STEP = `-- Only adds.
-- oldest program: 0004_replay_rounds
CREATE TABLE next_release (id INTEGER PRIMARY KEY);
ALTER TABLE ledger ADD COLUMN next_release INTEGER NOT NULL DEFAULT 0;
`
/** Copies of releases, on a disk that others use too. */
const LIMIT_MS = 900_000

const trees = temporaryFolder('trees')
const tree = (version: string) => join(trees.path, version)
beforeAll(() => {
  thisRelease(tree('0.1.0'))
  const next = laterRelease(tree('0.1.0'), tree('0.2.0'), '0.2.0', { [`${STEPS}/0005_next.sql`]: () => OPEN_STEP })
  laterRelease(next, tree('0.3.0'), '0.3.0', {
    [MAIN]: (text) => text.replace('await embedded.hub.start()', "throw new Error('this release is broken')"),
  })
  laterRelease(next, tree('0.4.0'), '0.4.0', { [`${STEPS}/0006_closed.sql`]: () => 'DROP TABLE next_release;\n' })
}, LIMIT_MS)
afterAll(trees.remove)

/** The hub adds a mark to the sender's reference, to find the letter again. */
const referenceOf = ({ eksternReferanse }: { readonly eksternReferanse: string | null }) =>
  String(eksternReferanse).split('~')[0]

const reason = whyNoSystemd()
if (reason !== undefined) process.stderr.write(`one server: systemd is left out, for ${reason}\n`)

describe(reason === undefined ? 'under systemd' : 'without systemd', () => {
  let machine: Machine
  let letters: LettersUnderWay
  beforeAll(async () => {
    machine = reason === undefined ? await systemdMachine() : folderMachine()
    letters = await prepareLetters(machine, await freePort())
  }, LIMIT_MS)
  afterAll(async () => {
    await letters?.close()
    await machine?.close()
  }, LIMIT_MS)

  /** Its exit code and what it wrote. */
  const sambandctl = async (...args: readonly string[]) => {
    const { code, text } = await machine.run(join(tree('0.1.0'), 'deploy/single/sambandctl'), ...args)
    return `${code}: ${text}`
  }
  const version = async (): Promise<string> =>
    JSON.parse((await machine.run('cat', `${machine.roots.opt}/current/package.json`)).text).version
  const underSystemd = test.skipIf(reason !== undefined)

  test('a release is installed, upgraded, saved from one that breaks and from one without a way back, and taken again', {
    timeout: LIMIT_MS,
  }, async () => {
    expect(await sambandctl('install', tree('0.1.0'))).toMatch(/^0:/)
    for (const later of ['0.2.0', '0.3.0', '0.4.0']) expect(await sambandctl('add', tree(later))).toMatch(/^0:/)
    await letters.more(5)

    expect(await sambandctl('upgrade', '0.2.0')).toMatch(/^0:/)
    expect(await version()).toBe('0.2.0')
    await letters.more(5)
    expect(await sambandctl('upgrade', '0.3.0')).toMatch(/^1:.*0\.2\.0 is in use again/s)
    await letters.more(3)
    expect(await sambandctl('upgrade', '0.4.0')).toMatch(/^1:.*0\.2\.0 cannot run on the store after 0\.4\.0/s)
    expect(await version()).toBe('0.2.0')

    // The release before runs on the store of the newer one, with letters in it that the newer one took.
    expect(await sambandctl('back')).toMatch(/^0:/)
    expect(await version()).toBe('0.1.0')
    await letters.more(5)
  })

  const shell = async (script: string) => {
    const { code, text } = await machine.run('bash', '-c', script)
    return `${code}: ${text}`.trim()
  }
  const show = async (property: string, unit = 'samband.service') =>
    (await machine.run('systemctl', 'show', '--value', '--property', property, unit)).text.trim()

  underSystemd(
    'the units are without fault, and exposed as little as such a service can be',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      const units = ['samband.service', 'samband-backup.service', 'samband-backup.timer']
      expect(
        await shell(`systemd-analyze verify ${units.map((unit) => `/etc/systemd/system/${unit}`).join(' ')}`),
      ).toBe('0:')
      for (const unit of units.slice(0, 2))
        expect(
          await shell(`systemd-analyze security --offline=true --threshold=20 /etc/systemd/system/${unit} >/dev/null`),
        ).toBe('0:')
    },
  )

  underSystemd(
    'the hub runs as its own user, without any rights, and writes nowhere but in its folders',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      const pid = await show('MainPID')
      expect(await shell(`stat -c %U /proc/${pid}`)).toBe('0: samband')
      const status = await shell(
        `grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/${pid}/status | tr -s '\\t\\n' '  '`,
      )
      expect(status).toBe('0: CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2')
      // As root, so that what refuses is the sandbox.
      const write = (path: string) => shell(`nsenter --target ${pid} --mount touch ${path} 2>&1`)
      for (const path of ['/etc/samband/x', '/opt/samband/current/x', '/usr/x', '/var/lib/x', '/root/x', '/home/x'])
        expect(await write(path)).toMatch(/^1:.*(Read-only file system|No such file or directory|Permission denied)/)
      for (const path of ['/var/lib/samband/x', '/var/backups/samband/x', '/tmp/samband-in-the-sandbox'])
        expect(await write(path)).toBe('0:')
      expect(
        await shell('ls -d /tmp/samband-in-the-sandbox 2>&1; rm /var/lib/samband/x /var/backups/samband/x'),
      ).toMatch(/^0:.*No such file/)
    },
  )

  underSystemd('killed hard, it is started again, and letters go on', { timeout: LIMIT_MS }, async () => {
    const before = await show('MainPID')
    await letters.more(2)
    expect(await shell(`kill -9 ${before}`)).toBe('0:')
    await expect.poll(() => show('NRestarts'), { timeout: 60_000 }).toBe('1')
    await letters.more(3)

    expect(await show('MainPID')).not.toBe(before)
    expect(await show('ActiveState')).toBe('active')
  })

  underSystemd(
    'the nightly copy is written by its own service, from within its own sandbox',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      expect(await shell('systemctl is-active samband-backup.timer')).toBe('0: active')
      expect(await shell('systemctl start samband-backup.service')).toBe('0:')

      expect(await show('Result', 'samband-backup.service')).toBe('success')
      expect(await shell('cd /var/backups/samband && stat -c %U regular-*.db regular-*.payloads')).toBe(
        '0: samband\nsamband',
      )
    },
  )

  underSystemd(
    'stop drains and ends with 0; a faulty environment is told once and not tried again and again',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      expect(await shell('systemctl stop samband.service')).toBe('0:')
      expect([await show('Result'), await show('ExecMainStatus')]).toEqual(['success', '0'])

      const file = '/etc/samband/samband.env'
      expect(
        await shell(`cp ${file} ${file}.kept && sed -i s/TOKEN_KEY/KEY/ ${file} && systemctl start samband.service`),
      ).toMatch(/^1:/)
      await expect.poll(() => show('ActiveState'), { timeout: 60_000 }).toBe('failed')
      expect([await show('ExecMainStatus'), await show('NRestarts')]).toEqual(['78', '0'])
      expect(await shell(`mv ${file}.kept ${file} && systemctl start samband.service`)).toBe('0:')
      await letters.more(2)
    },
  )

  test('every letter that was accepted before, during and after all of this is sent, once', {
    timeout: LIMIT_MS,
  }, async () => {
    await letters.stop()
    const sent = async () => (await letters.simulators.letters()).map(referenceOf).sort()
    await expect.poll(sent, { timeout: 120_000, interval: 200 }).toEqual([...letters.accepted].sort())
  })
})
