import { type Caller, createAccess, type OperatorCaller } from '@samband/access'
import { completionOf } from '@samband/letter-record'
import type { Service, ServicePorts } from '@samband/process'
import { createAccountWatch } from './account-watch.ts'
import { EVERY_ERROR_CODE } from './every-code.ts'
import { registerOperations } from './register-operations.ts'

/** The operators' API, and the watch over the account. `accountEveryMs`: how often that is drawn up by itself. */
export function createOperations(
  { store, time, log, tenants, tokenKey }: ServicePorts,
  { accountEveryMs = 60 * 60_000 }: { readonly accountEveryMs?: number | undefined } = {},
): Service {
  const access = createAccess({ tenants, operators: () => tenants.operators(), tokenKey, clock: time.clock })
  const completion = completionOf(store)
  return {
    handlers: [],
    pollers: (runtime) => [
      createAccountWatch({
        account: (scope, completed) => runtime().account(scope, completed),
        raise: (alarm) => runtime().raise(alarm),
        completion,
        everyMs: accountEveryMs,
      }),
    ],
    routes: (app, runtime) =>
      registerOperations(app, {
        store,
        runtime,
        time,
        log,
        authorise: async (request, scope) => operatorOf(access.verifyAccess(request, scope)),
        completion,
        errorCodes: EVERY_ERROR_CODE,
        tenants,
        tenantNames: (orgnr) => tenants.get(orgnr)?.navn ?? orgnr,
      }),
  }
}

/** Operations is for operators; a case-archive system's token never carries its scopes, so another kind is a defect. */
export function operatorOf(caller: Caller): OperatorCaller {
  if (caller.kind !== 'operator') throw new Error('a token of a klient carries the scope of an operator')
  return caller
}
