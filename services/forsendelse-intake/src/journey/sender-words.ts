import { NOARK5_ERROR_CODES } from '@samband/noark5'
import { SVARUT_ERROR_CODES } from '@samband/svarut'

/** What a code means to the sender of a letter, and whose turn it is. */
export interface SenderWords {
  readonly meaning: string
  readonly owner: string
}

const CONNECTORS: Readonly<Record<string, SenderWords>> = { ...SVARUT_ERROR_CODES, ...NOARK5_ERROR_CODES }

/** Codes of the platform. A sender need not tell one from another; operators read their own words for each. */
const PLATFORM: readonly (readonly [prefix: string, meaning: string])[] = [
  ['MASKINPORTEN_', 'Samband får ikke logget inn gjennom Maskinporten.'],
  ['TENANT_', 'Kommunens oppsett i Samband mangler noe som trengs.'],
  ['PAYLOAD_', 'Det lagrede innholdet i brevet lot seg ikke lese.'],
  ['STORE_', 'Databasen til Samband kunne ikke brukes.'],
  [
    'EFFECT_',
    'Det er ikke avklart hos mottakersystemet hva som skjedde i forrige forsøk; det blir spurt før noe gjøres igjen.',
  ],
]

/** The words for a code; any code has some. */
export function wordsOf(code: string): SenderWords {
  const known = Object.hasOwn(CONNECTORS, code) ? CONNECTORS[code] : undefined
  if (known !== undefined) return { meaning: known.meaning, owner: known.owner }
  const [, meaning] = PLATFORM.find(([prefix]) => code.startsWith(prefix)) ?? ['', 'Forrige forsøk lyktes ikke.']
  return { meaning, owner: 'drift' }
}

const SENDERS = ['saksbehandler', 'Avsendersystemet']

/** What the sender can do about a step in this state; `undefined` when there is nothing more to come of it. */
export function nextStepOf(tilstand: string, owner: string): string | undefined {
  if (tilstand === 'venter' || tilstand === 'i-arbeid') return 'Vent; ingenting skal gjøres i fagsystemet.'
  if (tilstand !== 'stanset') return undefined
  if (SENDERS.includes(owner))
    return 'Rett brevet i fagsystemet, be drift forkaste dette steget, og send brevet inn på nytt med ny eksternReferanse.'
  if (owner === 'Kommunens arkiv')
    return 'Ta det opp med kommunens arkiv. Når det er rettet der, setter drift brevet i gang igjen; det skal ikke sendes inn på nytt.'
  return 'Vent; drift må rette det og setter brevet i gang igjen. Det skal ikke sendes inn på nytt uten at drift ber om det.'
}
