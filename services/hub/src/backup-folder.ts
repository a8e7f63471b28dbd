import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A copy of the store that has been written. */
export interface WrittenBackup {
  /** Path on the hub's machine. */
  readonly path: string
  readonly sizeBytes: number
}

/** The one folder that copies of the store go to. */
export interface BackupFolder {
  /**
   * Writes a copy of the running store under this name. It has the name only when it is whole and durable.
   * `exists`: there is a file of that name, and nothing was written. `busy`: another copy is under way.
   */
  write(fil: string): Promise<WrittenBackup | 'exists' | 'busy'>
}

/** What a copy may be called: no folders, no hidden files, and an ending that tells what it is. */
export const BACKUP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.db$/

/**
 * Copies into a folder of this machine, which is made when it is missing.
 * @param copyTo writes the copy to a path that does not exist
 */
export function createBackupFolder(folder: string, copyTo: (target: string) => Promise<void>): BackupFolder {
  let underWay = false
  return {
    async write(fil) {
      // The route has checked it too; a path from outside must not depend on one check alone.
      if (!BACKUP_NAME.test(fil) || basename(fil) !== fil)
        throw new RangeError('write: expected the name of a copy, without folders')
      const path = join(folder, fil)
      if (underWay) return 'busy'
      underWay = true
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        if (existsSync(path)) return 'exists'
        await writeWhole(`${path}.half`, path, copyTo)
        syncPath(folder)
        return { path, sizeBytes: statSync(path).size }
      } finally {
        underWay = false
      }
    },
  }
}

async function writeWhole(half: string, path: string, copyTo: (target: string) => Promise<void>): Promise<void> {
  rmSync(half, { force: true })
  try {
    await copyTo(half)
    syncPath(half)
    renameSync(half, path)
  } catch (error) {
    for (const leftover of ['', '-wal', '-shm', '-journal']) rmSync(`${half}${leftover}`, { force: true })
    throw error
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
