import type { Logger, Store, Time } from '@samband/kernel'
import type { Completion, Runtime } from '@samband/runtime'
import type { TenantRegistry } from '@samband/tenants'
import type { Authorise } from './access.ts'
import type { ErrorCodes } from './error-codes.ts'

/** What the operations API stands on; the composition root hands it over. */
export interface OperationsDeps {
  readonly store: Store
  readonly runtime: Runtime
  readonly time: Time
  readonly log: Logger
  readonly authorise: Authorise
  /** What the accepting services know of the end of accepted ids; handed on to the account. */
  readonly completion: (acceptedIds: readonly string[]) => Promise<ReadonlyMap<string, Completion>>
  /** Explanations of every part, merged. The platform's own need not be among them. */
  readonly errorCodes: ErrorCodes
  /** The name of a municipality; its orgnr where no name is known. */
  readonly tenantNames: (orgnr: string) => string
  /** Files of tenants and operators that are not in force as they stand. */
  readonly tenants: Pick<TenantRegistry, 'problems'>
  /** A replay of more rows than this is started by another person than planned it. Default 500. */
  readonly fourEyesAbove?: number
}
