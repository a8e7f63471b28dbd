/** A file being written; not yet known under its final name. */
export interface WritableFile {
  /** Appends all of `bytes`, which the caller may change again afterwards. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when the content, not the name, is durable. */
  sync(): Promise<void>
  /** Safe to repeat. */
  close(): Promise<void>
}

/** A file being read: the same content until it is closed, whatever becomes of its name meanwhile. */
export interface ReadableFile {
  /** Size when it was opened. */
  readonly sizeBytes: number
  /** The bytes from `position`; fewer than `lengthBytes` only at the end of the file. Reading in pieces keeps buffers bounded. */
  read(position: number, lengthBytes: number): Promise<Uint8Array>
  /** Safe to repeat. */
  close(): Promise<void>
}

/**
 * The little that file payloads need of a file system. Paths use `/`. Names and contents are durable only where it says so.
 * Errors carry the operating system's `code` (`ENOSPC`, `EIO`, …).
 */
export interface PayloadFileSystem {
  /** Makes the folder and what is missing above it. Durable on return, also when a former process made it and then died. */
  makeDirectory(path: string): Promise<void>
  /** Makes an empty file, readable by this user only; fails with `EEXIST` when the name is taken. */
  createTemporary(path: string): Promise<WritableFile>
  /** Gives a file another name in the same folder, in one step, in place of what had that name. Durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>
  /** Makes names given and taken in this folder durable. Nothing happens when there is no such folder. */
  syncDirectory(path: string): Promise<void>
  /** `undefined` when there is none. */
  openRead(path: string): Promise<ReadableFile | undefined>
  /** Size in bytes; `undefined` when there is none. */
  size(path: string): Promise<number | undefined>
  /** Takes the name away; true when there was one. Durable after `syncDirectory`. */
  remove(path: string): Promise<boolean>
  /** Names in the folder, in no order; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>
}

/** The calls of `PayloadFileSystem` and its files, as hooks name them. */
export type FileOperation =
  | 'makeDirectory'
  | 'createTemporary'
  | 'write'
  | 'sync'
  | 'close'
  | 'rename'
  | 'syncDirectory'
  | 'openRead'
  | 'read'
  | 'size'
  | 'remove'
  | 'list'

/** Called before each operation; what it throws happens instead of the operation. For `rename` the path is the old name. */
export type BeforeOperation = (operation: FileOperation, path: string) => void

/** The same file system with `around` wrapped about every call, those on its open files included. */
export function aroundFileSystem(
  fs: PayloadFileSystem,
  around: <T>(operation: FileOperation, path: string, run: () => Promise<T>) => Promise<T>,
): PayloadFileSystem {
  const writable = (file: WritableFile, path: string): WritableFile => ({
    write: (bytes) => around('write', path, () => file.write(bytes)),
    sync: () => around('sync', path, () => file.sync()),
    close: () => around('close', path, () => file.close()),
  })
  const readable = (file: ReadableFile, path: string): ReadableFile => ({
    sizeBytes: file.sizeBytes,
    read: (position, lengthBytes) => around('read', path, () => file.read(position, lengthBytes)),
    close: () => around('close', path, () => file.close()),
  })
  return {
    makeDirectory: (path) => around('makeDirectory', path, () => fs.makeDirectory(path)),
    createTemporary: async (path) =>
      writable(await around('createTemporary', path, () => fs.createTemporary(path)), path),
    rename: (from, to) => around('rename', from, () => fs.rename(from, to)),
    syncDirectory: (path) => around('syncDirectory', path, () => fs.syncDirectory(path)),
    openRead: async (path) => {
      const file = await around('openRead', path, () => fs.openRead(path))
      return file === undefined ? undefined : readable(file, path)
    },
    size: (path) => around('size', path, () => fs.size(path)),
    remove: (path) => around('remove', path, () => fs.remove(path)),
    list: (path) => around('list', path, () => fs.list(path)),
  }
}

/**
 * The same file system with `before` called ahead of every operation: a test stops the process there, or lets it fail.
 * A close is carried out nevertheless, as the operating system closes the files of a dead process.
 */
export function stoppableFileSystem(fs: PayloadFileSystem, before: BeforeOperation): PayloadFileSystem {
  return aroundFileSystem(fs, async (operation, path, run) => {
    try {
      before(operation, path)
    } catch (error) {
      if (operation === 'close') await run()
      throw error
    }
    return run()
  })
}
