/** What a column may hold in both adapters. */
export type SqlValue = string | number | null | Uint8Array

/** A row as read: column name to value. Integers come as numbers and stay below 2^53. */
export type SqlRow = Record<string, SqlValue>

/** A series of numbers that only grow; each has its row or sequence in a migration of the store. */
export type Series = 'inbox_place'

/**
 * One open transaction. Statements are written in the part of SQL that SQLite and PostgreSQL share, with `?` for parameters
 * (the PostgreSQL adapter numbers them). Never keep a `Tx` past the end of the function it was handed to.
 */
export interface Tx {
  /** All rows, in the order the statement asks for. */
  all<Row extends object = SqlRow>(sql: string, ...params: readonly SqlValue[]): Promise<Row[]>
  /** The first row, or `undefined`. */
  one<Row extends object = SqlRow>(sql: string, ...params: readonly SqlValue[]): Promise<Row | undefined>
  /** Runs a statement that changes rows; returns how many. */
  run(sql: string, ...params: readonly SqlValue[]): Promise<number>
  /**
   * Holds `names` until the end of the transaction, so that two transactions which decide over the same thing do so one after
   * the other (protocol rule R7). Ask for all that are needed in one call, as early as possible: where one is held by another, the
   * work begins anew once it is free. Free of charge where transactions are serial anyway (SQLite).
   */
  lock(...names: readonly string[]): Promise<void>
  /**
   * A number greater than any this series has given before. Gaps are allowed. Two transactions that take theirs at the same time may
   * commit in the other order: who needs the order of commits takes the number under a lock.
   */
  next(series: Series): Promise<number>
}

/** What a transaction can do without. */
export interface TransactionTerms {
  /**
   * False where each statement decides by itself over the very rows it changes (`UPDATE … WHERE` with everything that must hold), so that nothing
   * other transactions do in between makes it wrong. Left out: the transaction is as if it were alone. For what is done all the time.
   */
  readonly serial?: false
}

/**
 * The durable store of one service (or, embedded, of all of them).
 *
 * `transaction` resolves only when everything it wrote is on disk (protocol rule R1), and rejects, with nothing written, when
 * `work` throws. `work` may be run more than once (deadlock, serialisation failure): it must do nothing but use its `Tx`.
 */
export interface Store {
  /**
   * @param place names the transaction in metrics and in crash tests, e.g. `runtime.intent`; constant text
   * @throws what `work` throws; HubError STORE_UTILGJENGELIG (transient) when the store cannot be reached or was closed
   * @throws HubError STORE_UTFALL_UKJENT (transient) when the connection broke during the commit: it may be written, now or in a moment
   */
  transaction<T>(place: string, work: (tx: Tx) => Promise<T>, terms?: TransactionTerms): Promise<T>
  /** Reads only what is committed; never the rows of a group that is still open (R1). Same restrictions on `work`. */
  read<T>(place: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** True where this process is the only one on the store, held by a lock of the operating system (R8): leases of others are void. */
  readonly exclusive: boolean
  /** Ends the store after what is under way. Later calls are refused. Safe to repeat. */
  close(): Promise<void>
}
