import { createHash } from 'node:crypto'
import { createDispatcher, type DispatcherOptions, type HttpDependencies } from '@samband/connector-kit'
import { canonicalJson, type Time } from '@samband/kernel'
import type { WayOutSettings } from '@samband/tenants'

/** How destinations are reached where no tenant's file says otherwise. */
export type DefaultWayOut = Pick<DispatcherOptions, 'ca' | 'sourceAddress' | 'proxy'>

/** The network of a process, one part for each way out that is in use. */
export interface WaysOut {
  /** The way out of a destination, by what its tenant's file says of it at this moment. Safe to repeat: the same settings share one. */
  by(settings: WayOutSettings | undefined): HttpDependencies
  /** Ends every connection. */
  destroy(): Promise<void>
}

/** Opens nothing before it is asked. `around` stands between a way and the network, for whoever watches or counts. */
export function createWaysOut(options: {
  readonly byDefault: DefaultWayOut
  readonly time: Time
  readonly around?: ((dispatcher: HttpDependencies['dispatcher']) => HttpDependencies['dispatcher']) | undefined
}): WaysOut {
  const { byDefault, time, around = (dispatcher) => dispatcher } = options
  const open = new Map<string, { readonly http: HttpDependencies; destroy(): Promise<void> }>()
  return {
    by(settings) {
      const way = settings === undefined ? byDefault : wayOutOf(settings, byDefault)
      const name = createHash('sha256').update(canonicalJson(way)).digest('hex')
      const known = open.get(name)
      if (known !== undefined) return known.http
      const network = createDispatcher(way)
      const http = { dispatcher: around(network), time }
      open.set(name, { http, destroy: () => network.destroy() })
      return http
    },
    async destroy() {
      await Promise.all([...open.values()].map((one) => one.destroy()))
    },
  }
}

/** What a tenant's file says of a destination, laid over what the environment says for all. */
export function wayOutOf(settings: WayOutSettings, byDefault: DefaultWayOut): DefaultWayOut {
  const { proxy, proxyUser, proxyPassword, ca, sourceAddress } = settings
  const { proxy: usual, ...others } = byDefault
  const login =
    proxyUser === undefined || proxyPassword === undefined
      ? {}
      : { login: { user: proxyUser, password: proxyPassword.text() } }
  const chosen = proxy === undefined ? usual : proxy === 'none' ? undefined : { url: proxy, ...login }
  return {
    ...others,
    ...(chosen === undefined ? {} : { proxy: chosen }),
    ...(ca === undefined ? {} : { ca: [...(byDefault.ca ?? []), ca.text()] }),
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
  }
}
