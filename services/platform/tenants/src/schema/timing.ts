import { z } from 'zod'
import { group, milliseconds } from './fields.ts'

/** D, W and G of the protocol (rules R11 and R14) for one destination, with that destination's defaults. */
export function timing(defaults: {
  readonly startWithinMs: number
  readonly inFlightMs: number
  readonly lookUpLagMs: number
}) {
  return group({
    startWithinMs: milliseconds(1).default(defaults.startWithinMs),
    inFlightMs: milliseconds(1).default(defaults.inFlightMs),
    lookUpLagMs: milliseconds(0).default(defaults.lookUpLagMs),
  }).prefault({})
}

/** How long a row is tried before it is parked, if nothing else decides earlier. */
export function giveUpAfter() {
  return milliseconds(1).default(86_400_000)
}

/**
 * An open attempt is believed not to be there only after D + W + G (R14); whoever gives up earlier would park each of them
 * unanswered.
 */
export const outlastsTiming = z.check<{
  readonly timing: { readonly startWithinMs: number; readonly inFlightMs: number; readonly lookUpLagMs: number }
  readonly giveUpAfterMs: number
}>(({ value, issues }) => {
  const { startWithinMs, inFlightMs, lookUpLagMs } = value.timing
  const wait = startWithinMs + inFlightMs + lookUpLagMs
  if (value.giveUpAfterMs > wait) return
  const message = `more than startWithinMs + inFlightMs + lookUpLagMs, here ${wait}\nRaise giveUpAfterMs, or lower the timing.`
  issues.push({ code: 'custom', input: value, path: ['giveUpAfterMs'], message })
})
