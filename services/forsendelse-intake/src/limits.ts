/** How much one request may bring. */
export interface IntakeLimits {
  /** Bytes of the whole body. */
  readonly maxBodyBytes: number
  /** Bytes of the part `forsendelse`, and of what is kept of it; at most 1 MiB, which is what the services behind read. */
  readonly maxJsonBytes: number
  /** Documents of one forsendelse; at most 300, which is what the event carries. */
  readonly maxDocuments: number
}

/** SvarUt prints up to 350 MB of documents; the rest is for the JSON and for what multipart adds. */
export const DEFAULT_INTAKE_LIMITS: IntakeLimits = {
  maxBodyBytes: 360_000_000,
  maxJsonBytes: 1_048_576,
  maxDocuments: 300,
}
