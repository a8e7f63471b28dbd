/** Where a municipality of the demo finds the world: addresses without a slash at the end. */
export interface DemoAddresses {
  readonly svarut: string
  readonly maskinporten: string
  readonly noark5: string
}

/**
 * D, W and G of the demo's destinations, milliseconds: simulators answer at once, and nobody wants to wait. D leaves a busy laptop room
 * for 40 MB: SvarUt's closing boundary is sent within it. What takes longer is asked for and tried again, but that is not this story.
 */
export const DEMO_TIMING = {
  startWithinMs: 5_000,
  inFlightMs: 2_000,
  lookUpLagMs: 1_000,
}
/** How often the demo asks SvarUt how a letter stands, milliseconds. */
export const DEMO_STATUS_POLL_MS = 1_000

const SECRETS_FOLDER = 'file:/etc/samband/secrets/'

/** A file of deploy/tenants as the demo uses it: the simulators' addresses, short times, and secrets from the demo's own environment. */
export function asDemoFile(text: string, addresses: DemoAddresses): string {
  const { startWithinMs, inFlightMs, lookUpLagMs } = DEMO_TIMING
  return text
    .replace(/baseUrl: https:\/\/test\.svarut\.ks\.no\/api/, `baseUrl: ${addresses.svarut}/api`)
    .replace(/issuer: \S+/, `issuer: ${addresses.maskinporten}/`)
    .replace(/tokenUrl: \S+/, `tokenUrl: ${addresses.maskinporten}/token`)
    .replace(/baseUrl: https:\/\/arkiv\.\S+/, `baseUrl: ${addresses.noark5}/api/`)
    .replace(
      /timing: \{[^}]*\}/g,
      `timing: { startWithinMs: ${startWithinMs}, inFlightMs: ${inFlightMs}, lookUpLagMs: ${lookUpLagMs} }`,
    )
    .replace(/statusPollMs: \d+/, `statusPollMs: ${DEMO_STATUS_POLL_MS}`)
    .replace(secretReference(), (_whole, name: string) => `env:${environmentName(name)}`)
}

/** Names of the secrets a file of deploy/tenants refers to, as they are called in the folder of secrets. */
export function secretNamesIn(text: string): string[] {
  return [...text.matchAll(secretReference())].map(([, name = '']) => name)
}

/** The variable that stands for a secret in the demo: `aukra-hmac-key` is `SAMBAND_DEMO_AUKRA_HMAC_KEY`. */
export function environmentName(secretName: string): string {
  return `SAMBAND_DEMO_${secretName.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}`
}

/** The value of a setting that stands once in a file, e.g. `orgnr`. Throws when it is not there: the files are part of this repository. */
export function settingOf(text: string, name: string): string {
  const value = new RegExp(`^ *(?:- )?${name}: "?([^"#\\n]*?)"?(?: *#.*)?$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`an example file of deploy/tenants has no ${name}`)
  return value
}

function secretReference(): RegExp {
  return new RegExp(`${SECRETS_FOLDER}([A-Za-z0-9._-]+)`, 'g')
}
