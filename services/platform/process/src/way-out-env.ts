import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { DefaultWayOut } from '@samband/outbound'
import { holdsCertificates, isProxyAddress } from '@samband/tenants'
import { z } from 'zod'

const text = z.string().min(1)

/** How a process reaches SvarUt, Maskinporten and the cores, where no tenant's file says otherwise: of every process with a way out. */
export const wayOutShape = {
  SAMBAND_OUT_PROXY: text
    .refine(isProxyAddress, 'expected http:// or https://, host and port, without user and path')
    .optional()
    .describe('Proxy to SvarUt, Maskinporten and the cores; a tenant’s file may say otherwise.'),
  SAMBAND_OUT_PROXY_USER: text.optional().describe('User at that proxy; none when left out.'),
  SAMBAND_OUT_PROXY_PASSWORD: text.optional().describe('Its password.'),
  SAMBAND_OUT_NO_PROXY: text
    .optional()
    .describe('Hosts reached without it: names, each with all below it, and IP addresses, separated by commas.'),
  SAMBAND_OUT_CA_FILE: text
    .optional()
    .describe('Authorities to trust there (PEM), beside those that Node trusts; read at the start.'),
  SAMBAND_OUT_ADDRESS: text
    .refine((value) => isIP(value) !== 0, 'expected an IP address of this machine')
    .optional()
    .describe('Address of this machine that connections out begin at.'),
}

type WayOutVariables = { readonly [Name in keyof typeof wayOutShape]?: string | undefined }

/** Combinations that are half of something. */
export function refuseHalfAWay({ value, issues }: z.core.ParsePayload<WayOutVariables>): void {
  const fault = (name: keyof WayOutVariables, message: string) =>
    issues.push({ code: 'custom', input: value, path: [name], message })
  const { SAMBAND_OUT_PROXY: proxy, SAMBAND_OUT_PROXY_USER: user, SAMBAND_OUT_PROXY_PASSWORD: password } = value
  if (user !== undefined && password === undefined) fault('SAMBAND_OUT_PROXY_PASSWORD', 'expected with the user')
  if (user === undefined && password !== undefined) fault('SAMBAND_OUT_PROXY_USER', 'expected with the password')
  for (const name of ['SAMBAND_OUT_PROXY_USER', 'SAMBAND_OUT_NO_PROXY'] as const)
    if (value[name] !== undefined && proxy === undefined) fault(name, 'expected SAMBAND_OUT_PROXY with it')
}

/** What the variables say, as the process is told. */
export function wayOutVariables(env: WayOutVariables) {
  const { SAMBAND_OUT_PROXY: url, SAMBAND_OUT_PROXY_USER: user, SAMBAND_OUT_PROXY_PASSWORD: password } = env
  const except = env.SAMBAND_OUT_NO_PROXY?.split(',').map((one) => one.trim())
  return {
    caFile: env.SAMBAND_OUT_CA_FILE,
    sourceAddress: env.SAMBAND_OUT_ADDRESS,
    proxy:
      url === undefined
        ? undefined
        : {
            url,
            ...(user === undefined || password === undefined ? {} : { login: { user, password } }),
            ...(except === undefined ? {} : { except: except.filter((one) => one !== '') }),
          },
  }
}

/** The settings of the way out, with the file of authorities read. @throws Error that names the variable when it cannot be read or holds none */
export function openWayOut({ caFile, sourceAddress, proxy }: ReturnType<typeof wayOutVariables>): DefaultWayOut {
  return {
    ...(caFile === undefined ? {} : { ca: [readAuthorities(caFile)] }),
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

function readAuthorities(caFile: string): string {
  let pem: string
  try {
    pem = readFileSync(caFile, 'utf8')
  } catch (cause) {
    throw new Error('SAMBAND_OUT_CA_FILE names a file that cannot be read. Let this user read it.', { cause })
  }
  if (holdsCertificates(pem)) return pem
  throw new Error('SAMBAND_OUT_CA_FILE names a file that holds no certificates in PEM. Put them there.')
}
