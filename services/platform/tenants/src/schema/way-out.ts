import { isIP } from 'node:net'
import { z } from 'zod'
import { says } from '../faults.ts'
import { group, SecretField, text } from './fields.ts'

const fromNetwork = 'Ask whoever runs the network.'

/** An address that a proxy can have: often without TLS and inside, since the destination's own TLS goes through it. */
export function isProxyAddress(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password, pathname, search, hash } = new URL(value)
  return (
    /^https?:$/.test(protocol) && [username, password, pathname.slice(1), search, hash].every((part) => part === '')
  )
}

const proxyFault = says(
  'the http or https address of a proxy without user and path, or none',
  'Write none to go around the proxy of the environment; user and password are settings of their own.',
)
const sourceFault = says('an IP address of this machine', fromNetwork)

/** How one destination is reached; what is left out is as the environment says it for all. */
export const WayOut = group({
  proxy: z
    .string(proxyFault)
    .refine((value) => value === 'none' || isProxyAddress(value), proxyFault)
    .optional(),
  proxyUser: text('the user at the proxy', fromNetwork).optional(),
  proxyPassword: SecretField.optional(),
  /** Authorities to trust beside the usual ones, as PEM. No secret, but fetched and reread like one. */
  ca: SecretField.optional(),
  sourceAddress: z
    .string(sourceFault)
    .refine((value) => isIP(value) !== 0, sourceFault)
    .optional(),
}).check(({ value, issues }) => {
  const { proxy, proxyUser, proxyPassword } = value
  if ((proxyUser === undefined) !== (proxyPassword === undefined)) {
    const path = [proxyUser === undefined ? 'proxyUser' : 'proxyPassword']
    const message =
      'proxyUser and proxyPassword together, or neither\nAdd the one that is missing, or remove the other.'
    issues.push({ code: 'custom', input: value, path, message })
  }
  if (proxyUser === undefined || (proxy !== undefined && proxy !== 'none')) return
  const message = 'the proxy that proxyUser is for\nWrite its address here, or remove proxyUser and proxyPassword.'
  issues.push({ code: 'custom', input: value, path: ['proxy'], message })
})

/** How one destination of a tenant is reached, where it is not as the environment says. */
export type WayOutSettings = Readonly<z.infer<typeof WayOut>>
