import type { Archive } from './archive.ts'
import type { BodyCheck } from './check.ts'
import type { Dialect } from './dialect.ts'
import type { Spool } from './spool.ts'

/** What every part of the stand-in needs of the whole. */
export interface Core {
  readonly dialect: Dialect
  readonly archive: Archive
  readonly check: BodyCheck
  readonly spool: Spool
  readonly nowMs: () => number
  readonly uuid: () => string
  readonly rootPath: string
  readonly bulkgrense: number
  readonly pageSize: number
  readonly keepsClientSystemId: boolean
  readonly missingPrecondition: 'accept' | 400 | 428
  readonly deletableJournalstatus: readonly string[]
}

/** A value of a code list, with its name. */
export function code(core: Core, list: string, kode: string): { kode: string; kodenavn?: string } {
  const kodenavn = core.dialect.codeLists[list]?.[kode]
  return kodenavn === undefined ? { kode } : { kode, kodenavn }
}

/** True when this core behaves as Nikita 0.6. */
export function isNikita(core: Core): boolean {
  return core.dialect.name === 'nikita'
}
