import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PayloadFileSystem, ReadableFile, WritableFile } from './file-system.ts'

/**
 * The file system of the machine. For a local disk that keeps what `fsync` acknowledged (protocol assumption A5); on
 * Windows folders cannot be synced by a program, and NTFS's journal is relied on instead.
 */
export function nodeFileSystem(): PayloadFileSystem {
  return {
    makeDirectory,
    createTemporary: async (path) => writable(await open(path, 'wx', 0o600)),
    rename,
    syncDirectory,
    openRead: (path) =>
      unlessMissing(undefined, async () => {
        const handle = await open(path, 'r')
        try {
          return readable(handle, (await handle.stat()).size)
        } catch (error) {
          await handle.close()
          throw error
        }
      }),
    size: (path) => unlessMissing(undefined, async () => (await stat(path)).size),
    remove: (path) =>
      unlessMissing(false, async () => {
        await unlink(path)
        return true
      }),
    list: (path) => unlessMissing([], () => readdir(path)),
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeDirectory(dirname(path))
      await makeDirectory(path)
      return
    }
    if (code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
  // Also when it was there before: whoever made it may have died ahead of this line.
  await syncDirectory(dirname(path))
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await unlessMissing(undefined, async () => {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

function writable(handle: FileHandle): WritableFile {
  return {
    write: async (bytes) => {
      let written = 0
      while (written < bytes.length) {
        written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten
      }
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}

function readable(handle: FileHandle, sizeBytes: number): ReadableFile {
  return {
    sizeBytes,
    read: async (position, lengthBytes) => {
      const bytes = Buffer.allocUnsafe(lengthBytes)
      let have = 0
      while (have < lengthBytes) {
        const { bytesRead } = await handle.read(bytes, have, lengthBytes - have, position + have)
        if (bytesRead === 0) break
        have += bytesRead
      }
      return bytes.subarray(0, have)
    },
    close: () => handle.close(),
  }
}

async function unlessMissing<T, Missing>(missing: Missing, work: () => Promise<T>): Promise<T | Missing> {
  try {
    return await work()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return missing
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
