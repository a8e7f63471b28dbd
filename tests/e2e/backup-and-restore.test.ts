import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect } from 'vitest'
import { backupTests, SECRET } from './backup-tests.ts'
import { start } from './start-tests.ts'

const HUB = fileURLToPath(new URL('../../services/hub/src/main.ts', import.meta.url))
const CLI = fileURLToPath(new URL('../../services/operations/src/cli/main.ts', import.meta.url))

const running: (() => void)[] = []
afterEach(() => {
  for (const stop of running.splice(0)) stop()
})

const copyIn = (folder: string) => join(folder, 'kopier', 'natt.db')
const restoreIn = (folder: string) => ['restore', '--fra', copyIn(folder), '--data', join(folder, 'data')]

backupTests({
  async start(folder, env) {
    const hub = start(HUB, { ...env, SAMBAND_DATA: join(folder, 'data'), SAMBAND_BACKUPS: join(folder, 'kopier') })
    running.push(hub.stop)
    const { listening } = await hub.first
    return {
      url: listening,
      log: hub.errors,
      async stop() {
        expect((await samband(restoreIn(folder))).text).toContain('stopp det først')
        hub.stop()
        return (await hub.ended).code
      },
    }
  },
  async copy(folder, { url }) {
    const copied = await samband(['backup', 'natt.db'], url)
    expect(copied).toMatchObject({ code: 0 })
    expect(copied.text).toContain(copyIn(folder))
    expect((await samband(['backup', 'natt.db'], url)).text).toContain('Det finnes en fil med dette navnet')
    expect((await samband(['backup', '../ut.db'], url)).code).toBe(1)
    expect((await samband(['audit'], url)).text).toContain('Driftsvakt fikk skrevet sikkerhetskopien')
  },
  async putBack(folder) {
    const restored = await samband(restoreIn(folder))
    expect(restored).toMatchObject({ code: 0 })
    expect(restored.text).toContain('spør det mottakersystemet før det sender')
    expect(existsSync(/er tatt vare på: (\S+)/.exec(restored.text)?.[1] ?? '')).toBe(true)
  },
  saysRestored: 'the store was restored',
})

function samband(args: readonly string[], url = ''): Promise<{ code: number | null; text: string }> {
  const env = {
    SAMBAND_URL: url,
    SAMBAND_KLIENT_ID: 'drift',
    SAMBAND_KLIENT_SECRET: SECRET,
    SAMBAND_OPERATOR: 'Driftsvakt',
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        text += piece
      })
    }
    child.on('close', (code) => resolve({ code, text }))
  })
}
