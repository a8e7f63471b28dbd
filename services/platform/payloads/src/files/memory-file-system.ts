import type { BeforeOperation, PayloadFileSystem, ReadableFile, WritableFile } from './file-system.ts'
import { stoppableFileSystem } from './file-system.ts'

/** Asked at a power loss for each name change and each write that was not durable: true lets it survive. */
export type Survives = (what: 'name' | 'content', path: string) => boolean

/** The disk under memory file systems; it outlives the processes that write to it. */
export interface MemoryDisk {
  /**
   * Power loss: every file system made before is dead, and what was not durable is gone, apart from what `survives` lets
   * stand. A lost write ahead of one that survived reads as zeros.
   */
  crash(survives?: Survives): void
  /** End of the process only: every file system made before is dead, and all it wrote stands. */
  kill(): void
  /** What a process would find now: path to content, as copies. */
  files(): Map<string, Uint8Array>
  /** Damages a file from outside: puts `bytes` in place of its content, durably. Throws when there is no such file. */
  overwrite(path: string, bytes: Uint8Array): void
}

/** A file system in memory, as one process sees it. */
export interface MemoryFileSystem extends PayloadFileSystem {
  readonly disk: MemoryDisk
}

interface FileNode {
  readonly kind: 'file'
  chunks: { readonly bytes: Uint8Array; durable: boolean }[]
}
interface FolderNode {
  readonly kind: 'folder'
  names: Map<string, FileNode | FolderNode>
  durable: Map<string, FileNode | FolderNode>
  /** In order, since the last sync of the folder. */
  pending: NameChange[]
}
interface NameChange {
  readonly taken?: string
  readonly given?: readonly [string, FileNode | FolderNode]
}

class Disk implements MemoryDisk {
  readonly root: FolderNode = newFolder()
  /** Grows at each end of a process. */
  epoch = 0

  crash(survives: Survives = () => false): void {
    this.epoch += 1
    recoverFolder(this.root, '', survives)
  }

  kill(): void {
    this.epoch += 1
  }

  files(): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    const walk = (folder: FolderNode, path: string) => {
      for (const [name, node] of folder.names) {
        if (node.kind === 'folder') walk(node, `${path}/${name}`)
        else found.set(`${path}/${name}`, contentOf(node))
      }
    }
    walk(this.root, '')
    return found
  }

  overwrite(path: string, bytes: Uint8Array): void {
    const node = this.find(path)
    if (node?.kind !== 'file') throw systemError('ENOENT', path)
    node.chunks = [{ bytes: Uint8Array.from(bytes), durable: true }]
  }

  find(path: string): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.root
    for (const name of partsOf(path)) node = node?.kind === 'folder' ? node.names.get(name) : undefined
    return node
  }

  /** The folder a name lies in. */
  folderOf(path: string): { readonly folder: FolderNode; readonly name: string } {
    const parts = partsOf(path)
    const name = parts.pop()
    const folder = this.find(parts.join('/'))
    if (name === undefined || folder?.kind !== 'folder') throw systemError('ENOENT', path)
    return { folder, name }
  }
}

/** A new, empty disk. */
export function createMemoryDisk(): MemoryDisk {
  return new Disk()
}

/**
 * A file system in memory that keeps and loses exactly what a disk may: content until its `sync`, names until the sync of
 * their folder. Nothing in it waits for anything but resolved promises. After `disk.crash()` or `disk.kill()` make another one
 * on the same disk; every call of the former throws.
 * @param options.before called ahead of every operation of this process; what it throws happens instead
 */
export function createMemoryFileSystem(
  options: { readonly disk?: MemoryDisk; readonly before?: BeforeOperation } = {},
): MemoryFileSystem {
  const disk = options.disk ?? createMemoryDisk()
  if (!(disk instanceof Disk)) throw new TypeError('createMemoryFileSystem: expected a disk of createMemoryDisk')
  const alone = onDisk(disk, disk.epoch)
  return { ...(options.before === undefined ? alone : stoppableFileSystem(alone, options.before)), disk }
}

function onDisk(disk: Disk, epoch: number): PayloadFileSystem {
  const alive = () => {
    if (disk.epoch !== epoch) throw new Error('The process of this memory file system has ended')
  }
  return {
    makeDirectory: async (path) => {
      alive()
      makeFolders(disk, path)
    },
    createTemporary: async (path) => {
      alive()
      const { folder, name } = disk.folderOf(path)
      if (folder.names.has(name)) throw systemError('EEXIST', path)
      const file: FileNode = { kind: 'file', chunks: [] }
      change(folder, { given: [name, file] })
      return writable(file, alive)
    },
    rename: async (from, to) => {
      alive()
      const old = disk.folderOf(from)
      const target = disk.folderOf(to)
      const node = old.folder.names.get(old.name)
      if (node === undefined) throw systemError('ENOENT', from)
      if (old.folder !== target.folder) throw systemError('EXDEV', from)
      change(old.folder, { taken: old.name, given: [target.name, node] })
    },
    syncDirectory: async (path) => {
      alive()
      const folder = disk.find(path)
      if (folder?.kind === 'folder') makeNamesDurable(folder)
    },
    openRead: async (path) => {
      alive()
      const file = disk.find(path)
      return file?.kind === 'file' ? readable(contentOf(file), alive) : undefined
    },
    size: async (path) => {
      alive()
      const file = disk.find(path)
      return file?.kind === 'file' ? sizeOf(file) : undefined
    },
    remove: async (path) => {
      alive()
      if (disk.find(path)?.kind !== 'file') return false
      const { folder, name } = disk.folderOf(path)
      change(folder, { taken: name })
      return true
    },
    list: async (path) => {
      alive()
      const folder = disk.find(path)
      return folder?.kind === 'folder' ? [...folder.names.keys()] : []
    },
  }
}

function makeFolders(disk: Disk, path: string): void {
  let parent = disk.root
  for (const name of partsOf(path)) {
    const there = parent.names.get(name)
    if (there?.kind === 'file') throw systemError('ENOTDIR', path)
    const folder = there ?? newFolder()
    if (there === undefined) parent.names.set(name, folder)
    // Only this one name is made durable: others in the same folder may still be pending.
    parent.durable.set(name, folder)
    parent = folder
  }
}

function writable(file: FileNode, alive: () => void): WritableFile {
  return {
    write: async (bytes) => {
      alive()
      file.chunks.push({ bytes: Uint8Array.from(bytes), durable: false })
    },
    sync: async () => {
      alive()
      for (const chunk of file.chunks) chunk.durable = true
    },
    close: async () => alive(),
  }
}

function readable(content: Uint8Array, alive: () => void): ReadableFile {
  return {
    sizeBytes: content.length,
    read: async (position, lengthBytes) => {
      alive()
      return content.slice(position, position + lengthBytes)
    },
    close: async () => alive(),
  }
}

function recoverFolder(folder: FolderNode, path: string, survives: Survives): void {
  folder.names = new Map(folder.durable)
  for (const pending of folder.pending) {
    const name = pending.given?.[0] ?? pending.taken
    if (survives('name', `${path}/${name}`)) apply(folder, pending)
  }
  makeNamesDurable(folder)
  for (const [name, node] of folder.names) {
    if (node.kind === 'folder') recoverFolder(node, `${path}/${name}`, survives)
    else recoverFile(node, `${path}/${name}`, survives)
  }
}

function recoverFile(file: FileNode, path: string, survives: Survives): void {
  const kept = file.chunks.map((chunk) => chunk.durable || survives('content', path))
  const chunks = file.chunks.slice(0, kept.lastIndexOf(true) + 1)
  file.chunks = chunks.map(({ bytes }, index) => ({
    bytes: kept[index] === true ? bytes : new Uint8Array(bytes.length),
    durable: true,
  }))
}

function change(folder: FolderNode, pending: NameChange): void {
  folder.pending.push(pending)
  apply(folder, pending)
}

function apply(folder: FolderNode, { taken, given }: NameChange): void {
  if (taken !== undefined) folder.names.delete(taken)
  if (given !== undefined) folder.names.set(given[0], given[1])
}

function makeNamesDurable(folder: FolderNode): void {
  folder.durable = new Map(folder.names)
  folder.pending = []
}

function newFolder(): FolderNode {
  return { kind: 'folder', names: new Map(), durable: new Map(), pending: [] }
}

function sizeOf(file: FileNode): number {
  return file.chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
}

function contentOf(file: FileNode): Uint8Array {
  const content = new Uint8Array(sizeOf(file))
  let at = 0
  for (const { bytes } of file.chunks) {
    content.set(bytes, at)
    at += bytes.length
  }
  return content
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
