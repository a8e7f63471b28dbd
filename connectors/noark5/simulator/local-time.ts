/** Hours by which Norwegian time is ahead of UTC: 2 from the last Sunday of March 01:00 UTC to that of October, else 1. */
function offsetHours(epochMs: number): 1 | 2 {
  const year = new Date(epochMs).getUTCFullYear()
  const lastSunday = (month: number): number => {
    const last = new Date(Date.UTC(year, month + 1, 0, 1))
    return last.getTime() - last.getUTCDay() * 86_400_000
  }
  return epochMs >= lastSunday(2) && epochMs < lastSunday(9) ? 2 : 1
}

/** `2026-03-02T10:15:00+01:00`: XML Schema dateTime in Norwegian time, always with its zone (TG 1.1, chapter 5). */
export function localDateTime(epochMs: number): string {
  const offset = offsetHours(epochMs)
  return `${new Date(epochMs + offset * 3_600_000).toISOString().slice(0, 19)}+0${offset}:00`
}

/** `2026-03-02T00:00:00+01:00`: the Norwegian day of an instant, as the standard writes saksdato and journaldato. */
export function localDay(epochMs: number): string {
  const text = localDateTime(epochMs)
  return `${text.slice(0, 10)}T00:00:00${text.slice(19)}`
}

/** The Norwegian year of an instant: numbers of saksmapper and journalposter start anew with it. */
export function localYear(epochMs: number): number {
  return Number(localDateTime(epochMs).slice(0, 4))
}

const DATE_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)$/

/**
 * The instant of an XML Schema date or dateTime with zone, in milliseconds; undefined for anything else.
 * @param withTime demand a time of day, as Nikita does
 */
export function instantOf(text: string, withTime = false): number | undefined {
  const match = DATE_TIME.exec(text)
  if (match === null || (withTime && match[1] === undefined)) return undefined
  // `2026-03-02+01:00` is XML Schema but not what Date.parse reads: midnight is put in.
  const full = match[1] === undefined ? `${text.slice(0, 10)}T00:00:00${text.slice(10)}` : text
  const instant = Date.parse(full)
  return Number.isNaN(instant) ? undefined : instant
}

/** How Nikita repeats a date on every GET: UTC with microseconds. */
export function utcMicroseconds(text: string): string {
  const instant = instantOf(text)
  return instant === undefined ? text : new Date(instant).toISOString().replace('Z', '000Z')
}
