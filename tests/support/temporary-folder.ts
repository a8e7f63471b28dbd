import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for the length of a run. */
export interface TemporaryFolder {
  readonly path: string
  /** Removes it with all that lies in it. Safe to repeat. */
  remove(): void
}

/** Makes a folder of its own below the machine's temporary one. */
export function temporaryFolder(name: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `samband-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}
