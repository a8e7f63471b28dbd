/**
 * Says what is wrong with a value, or nothing. The place stands first, as a path into the JSON; the value itself is never
 * told, since it may be somebody's name or number.
 */
export type Check = (value: unknown, path: string) => string | undefined

/** KS's own clients send every unset field as null: that is the same as leaving it out. */
export function isUnset(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** A text whose length in characters lies within the limits, ends included. */
export function text(shortest: number, longest: number, pattern?: RegExp): Check {
  return (value, path) => {
    if (typeof value !== 'string') return `${path}: må være tekst`
    const length = value.length > longest ? [...value].length : value.length
    if (length < shortest || length > longest) return `${path}: lengden må være mellom ${shortest} og ${longest}`
    if (pattern !== undefined && !pattern.test(value)) return `${path}: har ugyldig format`
    return undefined
  }
}

/** A text for which `holds` is true. */
export function textThat(holds: (value: string) => boolean, reason: string): Check {
  return (value, path) => (typeof value === 'string' && holds(value) ? undefined : `${path}: ${reason}`)
}

/** true or false. */
export const flag: Check = (value, path) =>
  typeof value === 'boolean' ? undefined : `${path}: må være true eller false`

/** A whole number within the limits, ends included. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  return (value, path) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `${path}: må være et heltall fra ${least}`
}

/** One of a list of codes. */
export function oneOf(...codes: readonly string[]): Check {
  return textThat((value) => codes.includes(value), `må være en av ${codes.join(', ')}`)
}

/** A UUID of any version. */
export const uuid: Check = textThat(isUuid, 'må være en UUID')

/** Whether a text is a UUID of any version. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
}

/** An instant with date, time and offset (RFC 3339). */
export const instant: Check = textThat(
  (value) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i.test(value) &&
    !Number.isNaN(Date.parse(value)),
  'må være dato og klokkeslett',
)

/** A list, each item checked in turn. */
export function list(item: Check, rule: { readonly longest?: number; readonly unique?: boolean } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path}: må være en liste`
    if (value.length > (rule.longest ?? Number.POSITIVE_INFINITY))
      return `${path}: kan ha høyst ${rule.longest} elementer`
    if (rule.unique === true && new Set(value.map((each) => JSON.stringify(each))).size < value.length)
      return `${path}: kan ikke ha like elementer`
    return firstFault(value.map((each, index) => () => item(each, `${path}[${index}]`)))
  }
}

/** An object with these fields. Fields it does not know are let through, as KS asks of every client. */
export function shape(
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
  const fields = Object.entries({ ...required, ...optional })
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${path || 'forsendelse'}: må være et objekt`
    const given = value as Record<string, unknown>
    for (const [name, check] of fields) {
      const at = path === '' ? name : `${path}.${name}`
      const fault = isUnset(given[name]) ? (name in required ? `${at}: mangler` : undefined) : check(given[name], at)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** The first fault found. What comes after it is not looked at. */
export function firstFault(checks: Iterable<() => string | undefined>): string | undefined {
  for (const check of checks) {
    const fault = check()
    if (fault !== undefined) return fault
  }
  return undefined
}
