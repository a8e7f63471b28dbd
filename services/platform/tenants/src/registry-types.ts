import type { Logger, Time } from '@samband/kernel'
import type { Fault } from './faults.ts'
import type { Operator } from './schema/klienter.ts'
import type { Tenant } from './schema/tenant-file.ts'
import type { SecretResolver } from './secret.ts'

/** The little that is needed of a file system. Paths use `/`. Errors mean "cannot be told". */
export interface TenantFiles {
  /** Names in the folder; rejects when there is no such folder. */
  list(directory: string): Promise<readonly string[]>
  /** A stamp that changes when the file changes, e.g. of time, size and inode; `undefined` when there is none. */
  modified(path: string): Promise<string | undefined>
  /** `undefined` when there is none. */
  readText(path: string): Promise<string | undefined>
}

/**
 * Where the last accepted texts are kept over a restart, for all processes of an installation. The name is an orgnr or `operators`; the text holds references
 * but no secrets, and an empty one means that nothing is in force any more.
 */
export interface LastGood {
  load(): Promise<Record<string, string>>
  /** Resolves when it is durable. Safe to repeat. */
  save(orgnr: string, yamlText: string): Promise<void>
  /** Fingerprints of the keys each municipality was first accepted with, by orgnr. */
  keys(): Promise<Record<string, string>>
  /**
   * Keeps the fingerprints of a municipality's keys for ever, unless some are kept already. Resolves, when that is durable, with those that count. Safe to
   * repeat.
   */
  keepKeys(orgnr: string, keys: string): Promise<string>
}

/** A file that is not in force as it stands. */
export interface TenantProblem {
  /** Name of the file; for what is gone or only remembered, the orgnr or `operators`. */
  readonly file: string
  readonly orgnr?: string
  /** True while an earlier version is used in its place. */
  readonly formerInForce: boolean
  readonly faults: readonly Fault[]
}

/** What has come into force, or has ended. */
export type TenantChange =
  | { readonly kind: 'tenant'; readonly orgnr: string; readonly tenant: Tenant | undefined }
  | { readonly kind: 'operators'; readonly operators: readonly Operator[] }

/** What a registry is made of. */
export interface TenantRegistryOptions {
  /** The folder of the tenants' files and of operators.yaml. */
  readonly directory: string
  readonly fs: TenantFiles
  readonly secrets: SecretResolver
  readonly time: Time
  readonly lastGood: LastGood
  /** From the end of one reread to the beginning of the next. */
  readonly rereadMs: number
  readonly log: Logger
}

/** The tenants that are in force right now. What it hands out is frozen; a change comes as another object. */
export interface TenantRegistry {
  /** Brings back what was last accepted, reads the files once, and goes on rereading. @throws what `lastGood.load` throws */
  start(): Promise<void>
  /** Resolves when no reread is under way and none will start. Safe to repeat. */
  stop(): Promise<void>
  get(orgnr: string): Tenant | undefined
  /** In the order of their orgnr. */
  all(): readonly Tenant[]
  operators(): readonly Operator[]
  /** As of the latest reread. */
  problems(): readonly TenantProblem[]
  /** Reads the files now, after a reread that is under way. Never rejects: faults become problems. */
  reread(): Promise<void>
  /** Calls `listener` after each change, not for what is in force already. Returns what ends it. */
  onChange(listener: (change: TenantChange) => void): () => void
}
