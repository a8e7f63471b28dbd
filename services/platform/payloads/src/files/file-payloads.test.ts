import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IdSource } from '@samband/kernel'
import { expect, test } from 'vitest'
import type { PayloadsWorld } from '../conformance.ts'
import { payloadsConformance } from '../conformance.ts'
import { FRAME_BYTES, HEADER_BYTES } from '../sealed/envelope.ts'
import type { FilePayloads } from './file-payloads.ts'
import { createFilePayloads } from './file-payloads.ts'
import type { BeforeOperation, PayloadFileSystem } from './file-system.ts'
import { stoppableFileSystem } from './file-system.ts'
import { createMemoryDisk, createMemoryFileSystem } from './memory-file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'

const TENANT = '314758625'

payloadsConformance('encrypted files on the machine’s file system', nodeWorld)
payloadsConformance('encrypted files in memory', memoryWorld)

test('a sweep leaves alone what is being written right now', async () => {
  const payloads = memoryPayloads()
  const source = async function* () {
    yield new Uint8Array(10)
    expect(await payloads.sweepHalfFiles()).toBe(0)
    yield new Uint8Array(10)
  }
  expect(await payloads.put(TENANT, 'x', source())).toMatchObject({ sizeBytes: 20 })
})

test('frames that changed places, or came from another file, are found', async () => {
  const disk = createMemoryDisk()
  const payloads = memoryPayloads(disk)
  const sealed = async (ref: string) => {
    await payloads.put(TENANT, ref, [Buffer.alloc(3 * FRAME_BYTES, 7)])
    return [...disk.files()].find(([path]) => path.endsWith(`/${ref}.payload`))!
  }
  const [path, bytes] = await sealed('x')
  const [, others] = await sealed('y')
  const frame = (index: number, from: Uint8Array) => {
    const at = HEADER_BYTES + index * (FRAME_BYTES + 16)
    return from.subarray(at, at + FRAME_BYTES + 16)
  }
  const rest = bytes.subarray(HEADER_BYTES + 3 * (FRAME_BYTES + 16))
  const header = bytes.subarray(0, HEADER_BYTES)
  for (const parts of [
    [header, frame(1, bytes), frame(0, bytes), frame(2, bytes), rest],
    [header, frame(0, bytes), frame(1, others), frame(2, bytes), rest],
    [header, frame(0, bytes), frame(2, bytes), rest],
    [header, frame(0, bytes), frame(1, bytes), frame(1, bytes), rest],
  ]) {
    disk.overwrite(path, Buffer.concat(parts))
    await expect(payloads.read(TENANT, 'x', 10_000_000)).rejects.toMatchObject({ code: 'PAYLOAD_ODELAGT' })
  }
})

test('nobody sees a new name before it is durable', async () => {
  const disk = createMemoryDisk()
  const seen: unknown[] = []
  const fs = createMemoryFileSystem({ disk })
  const payloads = createFilePayloads({
    ...fixed(),
    fs: {
      ...fs,
      syncDirectory: async (path) => {
        if (path.split('/').length < 4) return fs.syncDirectory(path)
        const asked = payloads.facts(TENANT, 'x').then(() => seen.push('seen'))
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
        seen.push('durable')
        await fs.syncDirectory(path)
        void asked
      },
    },
  })
  await payloads.put(TENANT, 'x', [new Uint8Array(1)])
  await payloads.facts(TENANT, 'x')
  expect(seen).toEqual(['durable', 'seen'])
})

test('a folder that cannot be synced leaves nothing of a first put, and the former content’s place filled', async () => {
  const disk = createMemoryDisk()
  let broken = false
  const before: BeforeOperation = (operation, path) => {
    if (broken && operation === 'syncDirectory' && path.split('/').length > 3) {
      throw Object.assign(new Error('input/output error'), { code: 'EIO' })
    }
  }
  const payloads = createFilePayloads({ ...fixed(), fs: createMemoryFileSystem({ disk, before }) })
  await payloads.put(TENANT, 'known', [new Uint8Array(1)])
  broken = true
  const unreachable = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
  await expect(payloads.put(TENANT, 'x', [new Uint8Array(1)])).rejects.toMatchObject(unreachable)
  await expect(payloads.put(TENANT, 'known', [new Uint8Array(1)])).rejects.toMatchObject(unreachable)
  expect([...disk.files().keys()].map((path) => path.split('/').pop())).toEqual(['known.payload'])
})

test('a removal that was cut off before it was durable is made durable by the next one', async () => {
  const disk = createMemoryDisk()
  await memoryPayloads(disk).put(TENANT, 'x', [new Uint8Array(1)])
  let stopped = false
  const stopping = createMemoryFileSystem({
    disk,
    before: (operation) => {
      if (stopped) throw new Error('the process was stopped')
      stopped = operation === 'remove'
    },
  })
  await expect(createFilePayloads({ ...fixed(), fs: stopping }).remove(TENANT, 'x')).rejects.toThrow()
  disk.kill()
  expect(await memoryPayloads(disk).remove(TENANT, 'x')).toBe(false)
  disk.crash()
  expect(disk.files().size).toBe(0)
})

test('the file system in memory loses what was not synced, and keeps what was', async () => {
  const disk = createMemoryDisk()
  const fs = createMemoryFileSystem({ disk })
  await fs.makeDirectory('/a/b')
  const [one, two] = [await fs.createTemporary('/a/b/one'), await fs.createTemporary('/a/b/two')]
  await one.write(Buffer.of(1, 2))
  await one.sync()
  await one.write(Buffer.of(3))
  await two.write(Buffer.of(4))
  await fs.syncDirectory('/a/b')
  await fs.rename('/a/b/two', '/a/b/three')
  disk.crash()
  expect([...disk.files()]).toEqual([
    ['/a/b/one', Uint8Array.of(1, 2)],
    ['/a/b/two', new Uint8Array()],
  ])
  await expect(fs.list('/a')).rejects.toThrow('has ended')
  await expect(one.write(Buffer.of(5))).rejects.toThrow('has ended')
})

test('a lost write ahead of one that survived reads as zeros', async () => {
  const disk = createMemoryDisk()
  const fs = createMemoryFileSystem({ disk })
  const file = await fs.createTemporary('/one')
  await fs.syncDirectory('/')
  for (const byte of [1, 2, 3]) await file.write(Buffer.of(byte))
  let asked = 0
  disk.crash(() => {
    asked += 1
    return asked === 2
  })
  expect(disk.files().get('/one')).toEqual(Uint8Array.of(0, 2))
})

function memoryPayloads(disk = createMemoryDisk()): FilePayloads {
  return createFilePayloads({ ...fixed(), fs: createMemoryFileSystem({ disk }) })
}

let idsMade = 0

function fixed() {
  const next = () => {
    idsMade += 1
    return createHash('sha256').update(`id ${idsMade}`).digest()
  }
  const ids: IdSource = {
    uuid: () => next().toString('hex').slice(0, 32),
    bytes: (count) => Uint8Array.from(next().subarray(0, count)),
    fraction: () => 0.5,
  }
  const wrappingKey = (tenant: string) => createHash('sha256').update(`key of ${tenant}`).digest()
  return { root: '/payloads', ids, keys: { wrappingKey } }
}

/** Starts adapters on `fs`, with a hook that sleeps during the start. */
async function started(
  root: string,
  fs: PayloadFileSystem,
  { before, wrappingKey }: Parameters<PayloadsWorld['start']>[0] & object,
): Promise<FilePayloads> {
  let awake = false
  const hooked = before === undefined ? fs : stoppableFileSystem(fs, (...step) => (awake ? before(...step) : undefined))
  const common = fixed()
  const keys = wrappingKey === undefined ? common.keys : { wrappingKey }
  const payloads = createFilePayloads({ ...common, root, fs: hooked, keys })
  await payloads.sweepHalfFiles()
  awake = true
  return payloads
}

async function memoryWorld(): Promise<PayloadsWorld> {
  const disk = createMemoryDisk()
  return {
    start: (options = {}) => started('/payloads', createMemoryFileSystem({ disk }), options),
    raw: async () => disk.files(),
    overwrite: async (path, bytes) => disk.overwrite(path, bytes),
    end: async (how, survives) => (how === 'power' ? disk.crash(survives) : disk.kill()),
    publishing: new Set(['rename']),
    contentOutsideMemory: false,
    close: async () => {},
  }
}

async function nodeWorld(): Promise<PayloadsWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'samband-payloads-'))
  return {
    start: (options = {}) => started(join(folder, 'deep', 'payloads'), nodeFileSystem(), options),
    raw: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)))
    },
    overwrite: (path, bytes) => writeFile(path, bytes),
    end: async () => {},
    publishing: new Set(['rename']),
    contentOutsideMemory: true,
    close: () => rm(folder, { recursive: true }),
  }
}
