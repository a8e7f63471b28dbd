import type { SimulatorRandom, SimulatorTime } from '@samband/simulator-kit'
import type { RegisteredMetadata } from './check.ts'
import type { CodeList } from './codes.ts'
import type { Profile } from './dialect.ts'
import type { Spool } from './spool.ts'

/** A klasse by its klasseID. */
export interface KlasseFixture {
  readonly klasseID: string
  readonly tittel: string
}

/** The arkivdel everything is filed in. Without `klasser` it has no klassifikasjonssystem and takes folders directly. */
export interface ArkivdelFixture {
  readonly tittel: string
  /** Kode of arkivdelstatus: A active, O overlapping (no new folders), P closed (nothing at all). Default A. */
  readonly arkivdelstatus?: string
  readonly klasser?: readonly KlasseFixture[]
}

/** What `createNoark5Simulator` takes. */
export interface Noark5SimulatorOptions {
  readonly time: SimulatorTime
  readonly random: SimulatorRandom
  /** Default `standard`. */
  readonly profile?: Profile
  /** Path of the root, with slashes around. Default `/api/`. */
  readonly rootPath?: string
  /** People and machines that log in with a password. Default: one user `arkivar` with password `arkivar-passord`. */
  readonly users?: readonly { readonly navn: string; readonly passord: string }[]
  /** OAuth2 clients. Default: `samband` / `samband-secret`; on Nikita `nikita-client` / `secret`. */
  readonly clients?: readonly { readonly id: string; readonly secret: string }[]
  /** How long an access token is good, in seconds. Default 3600. */
  readonly tokenLifetimeS?: number
  /** Default: `Sakarkiv` with the klasser 000 and L42. */
  readonly arkivdel?: ArkivdelFixture
  /** Who laid arkiv, arkivdel and klasser: on Nikita a search shows them to nobody else. Default: the first of the users. */
  readonly laidBy?: string
  /** Largest upload in one request in bytes; 0 = no limit. Default 157286400 (TG 1.1, 6.1). */
  readonly bulkgrense?: number
  /** Entries on a page of a list. Default 50; Nikita always 10. */
  readonly pageSize?: number
  /** Whether a systemID sent at creation is kept. Default true; Nikita always. */
  readonly keepsClientSystemId?: boolean
  /** What an update without `If-Match` or `ETag` gets in the standard profile. Default `accept`. */
  readonly missingPrecondition?: 'accept' | 400 | 428
  /** Journalstatus with which a journalpost and what hangs on it may be deleted. Default R and M. */
  readonly deletableJournalstatus?: readonly string[]
  /** Registered names of virksomhetsspesifikkeMetadata. Default none. */
  readonly registeredMetadata?: RegisteredMetadata
  /** Code lists that replace or join the profile's, by relation name. */
  readonly codeLists?: Readonly<Record<string, CodeList>>
  /** Where uploaded bytes are kept. Default memory. */
  readonly spool?: Spool
}
