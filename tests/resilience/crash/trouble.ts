import type { FaultName } from '@samband/simulator-kit'
import type { Random } from '../../histories/random.ts'
import type { Simulators } from '../../support/simulators.ts'

/** How long an effect may come late: less than W, and later than the first look, milliseconds. */
const LATE_MS = [1_000, 1_700] as const
/** Less than G. */
const LONGEST_LAG_MS = 400

/** JSON has no Infinity. */
const ALWAYS = 1_000_000

const SEND_FAULTS: readonly FaultName[] = [
  'answer-lost',
  'answer-lost',
  'accept-then-hang',
  'accept-late',
  'accept-late',
  'error-after-effect',
  'server-error',
  'wrong-schema',
  'lookup-lag',
  'refuse',
]
const ARCHIVE_OPERATIONS = [
  'ny-saksmappe',
  'ny-journalpost',
  'ny-korrespondansepart',
  'ny-dokumentbeskrivelse',
  'ny-dokumentobjekt',
  'upload',
  'update',
]
const ARCHIVE_FAULTS: readonly FaultName[] = [
  'answer-lost',
  'answer-lost',
  'accept-then-hang',
  'error-after-effect',
  'server-error',
]

/** Orders trouble for the next life of the hub: slow answers, lost ones, errors, an outage. Look-ups stay honest. */
export async function orderTrouble(simulators: Simulators, random: Random): Promise<void> {
  await simulators.clearFaults()
  // Everything takes a little while, so that several letters are under way at any moment.
  await simulators.order('svarut', {
    operation: 'send',
    fault: 'slow',
    delayMs: random.between(20, 250),
    times: ALWAYS,
  })
  await simulators.order('noark5', { operation: '*', fault: 'slow', delayMs: random.between(2, 60), times: ALWAYS })
  const delayMs = () => random.between(...LATE_MS)
  for (let left = random.between(0, 2); left > 0; left--) {
    const fault = random.pick(SEND_FAULTS)
    await simulators.order('svarut', {
      operation: 'send',
      fault,
      delayMs: fault === 'lookup-lag' ? random.between(100, LONGEST_LAG_MS) : delayMs(),
      // Too many requests: one of the few answers that say for certain that nothing happened.
      status: fault === 'refuse' ? 429 : random.pick([500, 503]),
    })
  }
  // Fewer than at SvarUt: one letter meets the archive twelve times and more, and each failure doubles the wait of its row.
  if (random.chance(0.6)) {
    await simulators.order('noark5', {
      operation: random.pick(ARCHIVE_OPERATIONS),
      fault: random.pick(ARCHIVE_FAULTS),
      delayMs: delayMs(),
      status: random.pick([500, 503]),
    })
  }
  if (random.chance(0.15))
    simulators.outage(random.pick(['svarut', 'noark5', 'maskinporten'] as const), random.between(200, 1_500))
}
