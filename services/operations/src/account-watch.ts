import type { Completion, Poller, Runtime } from '@samband/runtime'

/** What the watch over the account needs. */
export interface AccountWatchOptions {
  readonly account: Runtime['account']
  readonly raise: Runtime['raise']
  readonly completion: (acceptedIds: readonly string[]) => Promise<ReadonlyMap<string, Completion>>
  /** How often the account is drawn up, milliseconds. */
  readonly everyMs: number
}

/** Draws up the nothing-lost account at regular times; an accepted id that nobody has is an alarm, once (R26). */
export function createAccountWatch(options: AccountWatchOptions): Poller {
  return {
    name: 'operations.account',
    everyMs: options.everyMs,
    async poll(context) {
      for (const line of await options.account({ tenants: 'alle' }, options.completion)) {
        for (const acceptedId of line.classes.unaccounted) {
          await options.raise({
            kind: 'unaccounted',
            at: context.now(),
            tenant: line.tenant,
            acceptedId,
            sentence:
              'An accepted letter is in no class of the account: nobody has it. Look at its journey, and at the log of the day it was accepted.',
          })
        }
      }
    },
  }
}
