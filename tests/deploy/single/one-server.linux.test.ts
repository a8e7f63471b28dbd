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

const trees = temporaryFolder('trees')
const tree = (version: string) => join(trees.path, version)
beforeAll(() => {
  thisRelease(tree('0.1.0'))
  const next = laterRelease(tree('0.1.0'), tree('0.2.0'), '0.2.0', { [`${STEPS}/0005_next.sql`]: () => OPEN_STEP })
  laterRelease(next, tree('0.3.0'), '0.3.0', {
    [MAIN]: (text) => text.replace('await embedded.hub.start()', "throw new Error('this release is broken')"),
  })
  laterRelease(next, tree('0.4.0'), '0.4.0', { [`${STEPS}/0006_closed.sql`]: () => 'DROP TABLE next_release;\n' })
})
afterAll(trees.remove)

const systemd = whyNoSystemd()
if (systemd !== undefined) process.stderr.write(`one server: systemd itself is left out, for ${systemd}\n`)

describe.each([
  { name: 'a service manager that starts and stops', make: async () => folderMachine(60), isLeftOut: false },
  { name: 'systemd', make: systemdMachine, isLeftOut: systemd !== undefined },
])('on $name', ({ make, isLeftOut }) => {
  const LIMIT_MS = 600_000
  let machine: Machine
  let letters: LettersUnderWay
  let port: number
  const sambandctl = (...args: readonly string[]) => machine.run(join(trees.path, '0.1.0/deploy/single/sambandctl'), ...args)
  const version = async () =>
    JSON.parse((await machine.run('cat', `${machine.roots.opt}/current/package.json`)).text).version

  beforeAll(async () => {
    if (isLeftOut) return
    machine = await make()
    port = await freePort()
    letters = await prepareLetters(machine, port)
  }, LIMIT_MS)
  afterAll(async () => {
    await letters?.close()
    await machine?.close()
  })

  test.skipIf(isLeftOut)('letters that come before, during and after an upgrade, and after going back, are all sent, each once', {
    timeout: LIMIT_MS,
  }, async () => {
    expect(await sambandctl('install', tree('0.1.0'))).toMatchObject({ code: 0 })
    for (const later of ['0.2.0', '0.3.0', '0.4.0'])
      expect(await sambandctl('add', tree(later))).toMatchObject({ code: 0 })
    await letters.more(5)

    expect(await sambandctl('upgrade', '0.2.0')).toMatchObject({ code: 0 })
    expect(await version()).toBe('0.2.0')
    await letters.more(5)

    const broken = await sambandctl('upgrade', '0.3.0')
    expect(broken).toMatchObject({ code: 1 })
    expect(broken.text).toContain('0.2.0 is in use again')
    await letters.more(3)
    const oneWay = await sambandctl('upgrade', '0.4.0')
    expect(oneWay).toMatchObject({ code: 1 })
    expect(oneWay.text).toContain('0.2.0 cannot run on the store after 0.4.0')

    // The release before runs on the store of the newer one, with letters in it that the newer one took.
    expect(await sambandctl('back')).toMatchObject({ code: 0 })
    expect(await version()).toBe('0.1.0')
    await letters.more(5)
    await letters.stop()

    await expect.poll(sentReferences, { timeout: 60_000, interval: 200 }).toEqual([...letters.accepted].sort())
  })

  async function sentReferences(): Promise<readonly string[]> {
    const sent = await letters.simulators.letters()
    return sent.map(({ eksternReferanse }) => String(eksternReferanse)).sort()
  }
})
