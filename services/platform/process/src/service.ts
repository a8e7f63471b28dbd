import type { HttpDependencies } from '@samband/connector-kit'
import type { EventBus, IdSource, Logger, Payloads, Store, Time } from '@samband/kernel'
import type { Destinations } from '@samband/outbound'
import type { Handler, Poller, Runtime } from '@samband/runtime'
import type { TenantRegistry } from '@samband/tenants'
import type { FastifyInstance } from 'fastify'

/** Everything a service touches the world through. A process makes the real ones, a history its own. */
export interface ServicePorts {
  readonly store: Store
  readonly bus: EventBus
  readonly payloads: Payloads
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  readonly http: HttpDependencies
  readonly tenants: TenantRegistry
  readonly destinations: Destinations
  /** Signs the access tokens that are handed out; 32 bytes or more. */
  readonly tokenKey: Uint8Array
}

/** One service, to be put together with others in the hub or to run in a process of its own. */
export interface Service {
  readonly handlers: readonly Handler[]
  /** What it does by itself at regular times; the runtime is there when the first of them runs. */
  pollers?(runtime: () => Runtime): readonly Poller[]
  /** Its HTTP API. */
  routes?(app: FastifyInstance, runtime: Runtime): void
}
