import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createKeptLog, createVirtualTime } from '@samband/runtime/testing'
import { onTestFinished } from 'vitest'
import { type Installation, openInstallation } from '../sqlite/installation.ts'

/** A folder for one test, with time that stands still. Everything is closed and removed at the end. */
export function installationFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'samband-installation-'))
  const time = createVirtualTime()
  const log = createKeptLog()
  const opened: Installation[] = []
  onTestFinished(async () => {
    for (const installation of opened) await installation.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    time,
    log,
    file: join(folder, 'samband.db'),
    open(): Installation {
      const installation = openInstallation({ folder, log, ...time })
      opened.push(installation)
      return installation
    },
  }
}

/** Starts another process that holds the store of `folder`; resolves when it does. Killed at the end of the test. */
export async function holdByChild(folder: string): Promise<{ kill(): Promise<void> }> {
  const script = fileURLToPath(new URL('hold-store.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  await said(child)
  return { kill }
}

function said(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.on('data', (chunk) => {
      errors += String(chunk)
    })
    child.stdout?.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the child ended with ${code}: ${errors}`)))
  })
}

/** Names of the rows a test wrote. */
export async function namesIn(installation: Installation): Promise<string[]> {
  const rows = await installation.store.read('test.read', (tx) =>
    tx.all<{ name: string }>("SELECT name FROM meta WHERE name LIKE 'test-%' ORDER BY name"),
  )
  return rows.map((row) => row.name)
}

/** Writes a row that `namesIn` shows. */
export async function writeName(installation: Installation, name: string): Promise<void> {
  await installation.store.transaction('test.write', (tx) =>
    tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, 'x'),
  )
}
