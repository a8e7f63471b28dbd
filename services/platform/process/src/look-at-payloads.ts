import { asHubError, type Logger, type Payloads } from '@samband/kernel'

/** Nobody's: only whether the store answers is asked. */
const NO_TENANT = '000000000'

/**
 * Asks the object store at the start whether it lets us in, so that a missing bucket or a wrong key is in the log before the first letter meets it.
 * Changes nothing, never rejects, and holds up nothing: while the store is away letters are refused for a while, and the process waits that out.
 */
export async function lookAtPayloads(payloads: Pick<Payloads, 'list'>, log: Logger): Promise<void> {
  try {
    for await (const _ref of payloads.list(NO_TENANT)) break
  } catch (error) {
    const known = asHubError(error)
    log.error('the object store does not let us in: no letter is taken in before it does', {
      code: known?.code ?? 'defect',
      ...(known === undefined ? {} : { reason: known.message }),
    })
  }
}
