import { z } from 'zod'
import { says } from '../faults.ts'
import { address, ceiling, group, milliseconds, OrgnrField, SecretField, text } from './fields.ts'
import { giveUpAfter, outlastsTiming, timing } from './timing.ts'
import { WayOut } from './way-out.ts'

/** Below this time in flight a letter may still be taken by SvarUt, which gives up after 15 minutes itself. */
export const SVARUT_SAFE_IN_FLIGHT_MS = 960_000

const fromMaskinporten = 'Take it from the client in Digdir’s Samarbeidsportal.'
const fromFiks = 'Take it from Fiks forvaltning.'
const fromApi = 'Ask whoever runs the API, or leave the setting out.'
const resourceFault = says('a list of at least one address', fromApi)

const Maskinporten = group({
  issuer: address('Write the issuer as Maskinporten’s own metadata spells it.'),
  tokenUrl: address('Write the token endpoint from Maskinporten’s own metadata.'),
  clientId: text('the client id at Maskinporten', fromMaskinporten),
  kid: text('the id of the key that is registered on the client', fromMaskinporten),
  privateKey: SecretField,
  scope: text('the scopes to ask for, with spaces between them', fromMaskinporten),
  /** On whose behalf the client of another organisation asks, after delegation in Altinn; never the client's own. */
  consumerOrg: OrgnrField.optional(),
  /** Requested audience (RFC 8707), for APIs that want tokens for themselves alone. */
  resource: z.array(text('an address of the API', fromApi), resourceFault).min(1, resourceFault).optional(),
  wayOut: WayOut.optional(),
})

/** `connectors.svarut` of a tenant file. */
export const SvarUt = group({
  baseUrl: address('Write the address of SvarUt, or of the simulator.'),
  kontoId: text('the kontoId of the municipality at SvarUt', fromFiks),
  integrasjonId: text('the id of the Fiks-integrasjon', fromFiks),
  integrasjonPassord: SecretField,
  maskinporten: Maskinporten,
  wayOut: WayOut.optional(),
  timing: timing({ startWithinMs: 5000, inFlightMs: SVARUT_SAFE_IN_FLIGHT_MS, lookUpLagMs: 300_000 }),
  ceiling: ceiling().default(4),
  giveUpAfterMs: giveUpAfter(),
  statusPollMs: milliseconds(1).default(900_000),
}).check(outlastsTiming)

/** How letters of a tenant are sent; times in milliseconds. */
export type SvarUtSettings = Readonly<z.infer<typeof SvarUt>>
/** The client that fetches tokens for SvarUt. */
export type MaskinportenSettings = Readonly<z.infer<typeof Maskinporten>>
