import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatJson, toJson } from '../generate/format-json.ts'
import type { JsonSchema } from '../generate/json-schema.ts'
import { digest } from './canonical.ts'

/** A contract as the code declares it now: the envelope, or one version of an event type. */
export interface Contract {
  readonly name: string
  /** The topic of an event type; none for the envelope. */
  readonly topic?: string
  readonly schema: JsonSchema
}

/** One released revision of a contract. Within a version each revision adds optional fields to the one before. */
export interface Revision {
  readonly revision: number
  readonly topic?: string
  /** Digest of the released schema. */
  readonly sha256: string
}

/** What has been released. Only ever grows. */
export interface Lock {
  readonly contracts: { readonly [name: string]: readonly Revision[] }
  /** `<type>/<file>` of every example that was there at a release, with its digest. */
  readonly examples: { readonly [file: string]: string }
}

const LOCK = 'compatibility/released.lock.json'
const RELEASED = 'compatibility/released'

/** Reads the lock of a package, or any lock file. Empty when there is none. */
export function readLock(messagesRoot: string, file: string = join(messagesRoot, LOCK)): Lock {
  if (!existsSync(file)) return { contracts: {}, examples: {} }
  return JSON.parse(readFileSync(file, 'utf8')) as Lock
}

/** Writes the lock, contracts and examples in alphabetical order. */
export function writeLock(messagesRoot: string, lock: Lock): void {
  const sorted = { contracts: inOrder(lock.contracts), examples: inOrder(lock.examples) }
  writeFileSync(join(messagesRoot, LOCK), formatJson(toJson(sorted)))
}

function inOrder<Value>(members: { readonly [name: string]: Value }): { [name: string]: Value } {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Where a released schema lies, below the package. */
export function releasedPath(name: string, revision: number): string {
  return `${RELEASED}/${name}/r${revision}.schema.json`
}

/** The schema of a revision, or `undefined` when its file is gone. */
export function readReleased(messagesRoot: string, name: string, revision: number): JsonSchema | undefined {
  const file = join(messagesRoot, releasedPath(name, revision))
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JsonSchema) : undefined
}

/** Writes the schema of a revision. @throws Error (EEXIST) when it is there already: what is released is never written again */
export function writeReleased(messagesRoot: string, name: string, revision: number, schema: JsonSchema): void {
  const file = join(messagesRoot, releasedPath(name, revision))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, formatJson(schema), { flag: 'wx' })
}

/** Sentences on released files that were edited, removed or slipped in. */
export function releasedFileProblems(messagesRoot: string, lock: Lock): readonly string[] {
  const locked = Object.entries(lock.contracts).flatMap(([name, revisions]) =>
    revisions.map(({ revision, sha256 }) => ({ name, revision, sha256, path: releasedPath(name, revision) })),
  )
  const known = new Set(locked.map(({ path }) => path))
  return [
    ...locked.flatMap(({ name, revision, sha256, path }) => {
      const schema = readReleased(messagesRoot, name, revision)
      if (schema === undefined)
        return [`${path} is locked but gone. Restore it: events of this revision may lie in history.`]
      return digest(schema) === sha256
        ? []
        : [`${path} was edited after its release. Restore it, and make the change as a new revision or version.`]
    }),
    ...filesBelow(messagesRoot)
      .filter((path) => !known.has(path))
      .map((path) => `${path} stands in no lock. Only the release command adds released schemas.`),
  ]
}

function filesBelow(messagesRoot: string): readonly string[] {
  const root = join(messagesRoot, RELEASED)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(RELEASED, entry.parentPath.slice(root.length), entry.name).replaceAll('\\', '/'))
    .sort()
}

/** Sentences on what `lock` lost or changed since `base`, the lock of the branch that it is to be merged into. */
export function shrunkLockProblems(base: Lock, lock: Lock): readonly string[] {
  const changed = (was: unknown, is: unknown) => digest(toJson(was)) !== digest(toJson(is ?? null))
  return [
    ...Object.entries(base.contracts).flatMap(([name, revisions]) =>
      revisions
        .filter((was, index) => changed(was, lock.contracts[name]?.[index]))
        .map(
          ({ revision }) =>
            `released.lock.json: revision ${revision} of ${name} was changed or removed. The lock only ever grows.`,
        ),
    ),
    ...Object.entries(base.examples)
      .filter(([file, was]) => changed(was, lock.examples[file]))
      .map(([file]) => `released.lock.json: example ${file} was changed or removed. The lock only ever grows.`),
  ]
}
