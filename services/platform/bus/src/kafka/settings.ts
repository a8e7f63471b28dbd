/** How this process proves who it is. */
export type KafkaLogin =
  | { readonly mechanism: 'scram-sha-512'; readonly username: string; readonly password: string }
  | {
      readonly mechanism: 'oauthbearer'
      /** Asked at every connection; must hand out a token that is still valid for a while. */
      token(): Promise<string>
    }

/** How to reach the cluster: plain data, one place per deployment. */
export interface KafkaSettings {
  /** `host:port` of one or more brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string
  /** Absent means no encryption. Without `caFile` the authorities that Node knows are trusted. */
  readonly tls?: { readonly caFile?: string }
  readonly login?: KafkaLogin
}

/** Waits and sizes. The defaults are meant for production; tests make them smaller. */
export interface KafkaTuning {
  /** Most records in one delivery, and in one request to the broker. */
  readonly batchSize: number
  /** Most bytes of values in one request to the broker; below the broker's `message.max.bytes`. */
  readonly requestBytes: number
  /** How long the broker waits for new records, and so the longest time that `resume` and `stop` take. */
  readonly maxWaitMs: number
  /** How long a fetch waits for a delivery before the partition is paused and the others go on. */
  readonly holdMs: number
  /** Wait before a delivery that failed is tried again. */
  readonly retryMs: number
  /** Wait before a consumer that ended is made anew; doubles up to `remakeMostMs`. */
  readonly remakeMs: number
  readonly remakeMostMs: number
  /** A member whose store has answered nothing for so long leaves the group, so that others read its partitions. */
  readonly leaveMs: number
  /** The broker gives a member's partitions away when it has not heard of it for so long. */
  readonly sessionMs: number
  readonly heartbeatMs: number
  readonly rebalanceMs: number
  /** How often the watchdog looks and positions are shown to the broker. */
  readonly watchMs: number
  /** A consumer without a heartbeat for so long is thrown away. More than `rebalanceMs`. */
  readonly silentMs: number
  /** A partition with lag and without progress for so long has its consumer thrown away. */
  readonly stalledMs: number
  /** After how long new partitions and new leaders are noticed without an error. */
  readonly metadataMs: number
  /** An append that has no answer after this is given up: the records may or may not be in the log. */
  readonly appendMs: number
  /** How long an orderly goodbye to the broker may take before the sockets are cut. */
  readonly goodbyeMs: number
}

/** Values for production. */
export const DEFAULT_TUNING: KafkaTuning = {
  batchSize: 500,
  requestBytes: 500_000,
  maxWaitMs: 100,
  holdMs: 500,
  retryMs: 500,
  remakeMs: 500,
  remakeMostMs: 10_000,
  leaveMs: 15_000,
  sessionMs: 15_000,
  heartbeatMs: 1_500,
  rebalanceMs: 30_000,
  watchMs: 5_000,
  silentMs: 60_000,
  stalledMs: 60_000,
  metadataMs: 30_000,
  appendMs: 30_000,
  goodbyeMs: 5_000,
}
