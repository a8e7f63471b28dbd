import type { BoundDestination } from '@samband/kernel'

/** What the archiver keeps of a filed forsendelse until it is closed; one document per forsendelseId. */
export const FILED_COLLECTION = 'journal-archiver.filed'

/** Where a forsendelse stands in the core. */
export type Filed = {
  readonly journalpost: { readonly systemId: string; readonly self: string }
  readonly saksmappeSystemId: string
  /** The core it was filed in: it is closed there, whatever the configuration says by then (R19). */
  readonly destination: {
    readonly [Key in keyof Omit<BoundDestination, 'timing'>]: BoundDestination[Key]
  } & { readonly timing: { readonly startWithinMs: number; readonly inFlightMs: number; readonly lookUpLagMs: number } }
}

const OSLO = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Oslo',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** The calendar date in Europe/Oslo of an instant, `YYYY-MM-DD`. */
export function osloDate(instant: string): string {
  return OSLO.format(new Date(instant))
}
