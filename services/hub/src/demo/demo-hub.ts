import type { IdSource, Logger, Store, Time } from '@samband/kernel'

/** The hub of a demo, however many processes it is. */
export interface DemoHub {
  readonly url: string
  /** What it is made of, one sentence. */
  readonly about: string
  /** Where its ledger stands. */
  readonly store: Pick<Store, 'read'>
  /** Ways to destinations that are closed for now, in any of its processes. */
  openCircuits(): Promise<readonly { readonly tenant: string; readonly system: string }[]>
  stop(): Promise<void>
}

/** What a hub of the demo is started with. */
export interface DemoHubStart {
  /** For whatever it keeps; removed when the demo is over. */
  readonly folder: string
  readonly tenantsFolder: string
  readonly logFile: string
  /** The secrets that tenants' files refer to. */
  readonly secrets: Readonly<Record<string, string>>
  /** Signs tokens. */
  readonly tokenKey: Uint8Array
  readonly ports: DemoPorts
}

/** What the demo's composition root hands over. */
export interface DemoPorts {
  readonly time: Time
  readonly ids: IdSource
  /** Makes the hub's log, which goes to this file. */
  readonly logTo: (file: string) => Logger
  /** Of the demo itself, for programs that it starts. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Starts a hub; it takes letters when this resolves. */
export type StartDemoHub = (start: DemoHubStart) => Promise<DemoHub>

/** Tenants' files and status of letters are looked at more often than in production: nobody watches a demo for an hour. */
export const DEMO_PACE = { rereadMs: 1_000, statusRoundMs: 250 }
/** What is under way when the demo ends is nobody's letter. */
export const STOP_GRACE_MS = 1_000
