/** Numbers that a store must never give again: they stand in leases, audit and order. */
export interface StoreNumbers {
  /** The last one given per table that numbers its rows. */
  readonly tables: Readonly<Record<string, number>>
  /** The last one given per series. */
  readonly series: Readonly<Record<string, number>>
}
