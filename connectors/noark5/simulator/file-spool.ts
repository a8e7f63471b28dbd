import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Spool } from './spool.ts'

/** Keeps uploaded bytes in a new temporary folder; for a simulator that runs alone and gets large files. */
export function fileSpool(): Spool & { /** Takes the folder away. Safe to repeat. */ close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'noark5-simulator-'))
  const written = new Set<string>()
  return {
    write: async (name, chunk) => {
      written.add(name)
      await appendFile(join(folder, name), chunk)
    },
    read: (name) => (written.has(name) ? createReadStream(join(folder, name)) : Readable.from([])),
    remove: (name) => rmSync(join(folder, name), { force: true }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
