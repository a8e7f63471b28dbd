/** One record of the log, as bytes: what CloudEvents calls binary mode. */
export interface BusRecord {
  readonly topic: string
  /** Records with equal key keep their order. */
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
}

/** A place in the log. `topicIdentity` changes when a topic is deleted and made anew (protocol rule R5). */
export interface BusPosition {
  readonly topicIdentity: string
  /** The offset of the next record to read. */
  readonly nextOffset: number
}

/** Records of one partition, in order, handed over together. */
export interface BusBatch {
  readonly topic: string
  readonly partition: number
  readonly topicIdentity: string
  readonly records: readonly (BusRecord & { readonly offset: number })[]
  /** The offset after the last record: what the store keeps together with the inbox rows. */
  readonly nextOffset: number
}

/** What a group of consumers brings. */
export interface BusSubscription {
  readonly group: string
  readonly topics: readonly string[]
  /** Where to go on, from the store; `undefined` means from the beginning. Asked anew at every assignment. */
  position(topic: string, partition: number): Promise<BusPosition | undefined>
  /** Takes a batch. The next batch of that partition comes when it has resolved; when it rejects the same batch comes again later. */
  deliver(batch: BusBatch): Promise<void>
  /**
   * Told after each look at the log: with the error when reading or delivering failed and is tried again, without one when all went well or
   * somebody else reads the partition now. Without a partition it is about all of the topic, such as a group that cannot be joined.
   */
  round?(topic: string, partition: number | undefined, error?: unknown): void
  /** Called when the partition cannot go on by itself: offset beyond the log's end, other topic identity, a record that is damaged. It never jumps to latest. */
  stopped(topic: string, partition: number, error: Error): void
}

/** A running consumer. */
export interface BusConsumer {
  /** Resolves when no delivery is under way and none will start. Safe to repeat. */
  stop(): Promise<void>
}

/** What a log that lies outside of the store is asked, so that the two are known to belong together. */
export interface LogOutside {
  /** The `topicIdentity` of each topic; one that does not exist is absent. */
  identities(topics: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * The offset by partition that members of the group last showed the broker, after their store had it. Information, never a position (R5); a
   * partition nobody has shown is absent, and the broker forgets a group that is long gone.
   */
  shown(group: string, topic: string): Promise<ReadonlyMap<number, number>>
}

/** The durable log between services; fed only from outboxes (R2). Duplicates are allowed, loss is not. */
export interface EventBus {
  /** Makes sure the topics exist; safe to repeat. */
  ensureTopics(topics: readonly string[]): Promise<void>
  /**
   * Appends in the given order; resolves when the log has acknowledged all of them durably. When it rejects, any of them may be in the log.
   * @throws HubError BUS_UTILGJENGELIG (transient)
   */
  append(records: readonly BusRecord[]): Promise<void>
  /** Starts reading for a group. Each partition is read by one consumer of the group at a time, where the adapter has several. */
  consume(subscription: BusSubscription): Promise<BusConsumer>
  /** The log's end per partition, for lag and the account. */
  ends(
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly topicIdentity: string; readonly endOffset: number }[]>
  /** Absent where the log is part of the store: then neither can be another one than before without the other. */
  readonly outside?: LogOutside
  /** Ends the bus after what is under way. Safe to repeat. */
  close(): Promise<void>
}
