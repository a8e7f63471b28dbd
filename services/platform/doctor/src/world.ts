import type { IdSource, Time } from '@samband/kernel'

/** What the doctor touches the world through; the command line brings the real ones. */
export interface DoctorWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly time: Time
  readonly ids: IdSource
  /** Bytes that this user may still write on the disk of a folder. */
  freeBytes(folder: string): number
}
