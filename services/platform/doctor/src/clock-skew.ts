import { type Finding, fault, warning } from './finding.ts'

/** Maskinporten refuses a grant that is not of now; it allows about ten seconds. */
const REFUSED_MS = 10_000
const DRIFTS_MS = 3_000

/**
 * How far this machine's clock is from another one's.
 * @param theirs what the other one said, wall milliseconds
 * @param spread how exact that is: what was rounded off, and how long the question took
 */
export function clockFindings(subject: string, theirs: number, ours: number, spread: number): readonly Finding[] {
  const off = Math.max(0, Math.abs(ours - theirs) - spread)
  if (off < DRIFTS_MS) return []
  const seconds = `${Math.round(off / 1000)} s ${ours > theirs ? 'foran' : 'bak'}`
  const next = 'Still klokken etter en tidstjener (NTP), på denne maskinen eller den andre.'
  const message = `Klokken her går ${seconds}.`
  return off < REFUSED_MS
    ? [warning(subject, message, next)]
    : [fault(subject, `${message} Maskinporten avviser oss.`, next)]
}
