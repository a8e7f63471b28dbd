import type { Clock } from '@samband/kernel'

const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

/**
 * How long the other side asks us to wait, in milliseconds from now: seconds or an HTTP date (RFC 9110 §10.2.3), at most a day.
 * `undefined` when the header is missing or unreadable. Spread the result's error detail as `retryAfterMs`.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, clock: Clock): number | undefined {
  const value = headers['retry-after']?.trim()
  if (!value) return undefined
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now()
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), LONGEST_WAIT_MS) : undefined
}
