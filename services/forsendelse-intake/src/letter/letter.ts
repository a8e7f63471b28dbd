import type { ProblemFault } from '@samband/access'
import { holdsPersonNumber } from '@samband/connector-kit'
import type { Json } from '@samband/kernel'
import { Dokument, EksternReferanse, KontoId, type Mottakertype } from '@samband/messages'
import { Arkiv } from '@samband/noark5'
import { SvarUtForsendelse } from '@samband/svarut'
import { kindOf, valueAt } from './kinds.ts'
import { schemaFaults } from './schema-faults.ts'

/** A document as the sender announces it. */
export interface AnnouncedDocument {
  readonly filnavn: string
  /** As given, perhaps with parameters. */
  readonly mimeType: string
}

/** The part `forsendelse`, checked. */
export interface Letter {
  readonly eksternReferanse: EksternReferanse
  readonly mottakertype: Mottakertype
  readonly dokumenter: readonly AnnouncedDocument[]
  /** What goes to SvarUt, in the field names of Send v3. */
  readonly forsendelse: SvarUtForsendelse
  /** Where it is filed; absent when it goes straight to SvarUt. */
  readonly arkiv?: Arkiv
  readonly kontoId?: string
}

/** What a tenant's configuration says about its letters. */
export interface LetterRules {
  readonly kontoId: string
  readonly hasArkiv: boolean
  readonly maxDocuments: number
}

/** How looking at a letter ended. */
export type LetterCheck =
  | { readonly letter: Letter }
  | { readonly faults: readonly ProblemFault[] }
  | { readonly tooManyDocuments: number }

/** Checks the JSON of a letter against Send v3, the archive's rules and the tenant's configuration. Names every fault; none holds a value. */
export function checkLetter(input: { readonly [name: string]: Json }, rules: LetterRules): LetterCheck {
  const { arkiv, kontoId, ...forsendelse } = input
  const { dokumenter } = forsendelse
  if (Array.isArray(dokumenter) && dokumenter.length > rules.maxDocuments)
    return { tooManyDocuments: dokumenter.length }
  const { mottakertype, faults } = forsendelseFaults(forsendelse)
  faults.push(...referanseFaults(forsendelse['eksternReferanse']), ...dokumentFaults(dokumenter))
  faults.push(...arkivFaults(arkiv, rules), ...kontoFaults(kontoId, rules))
  if (faults.length > 0 || mottakertype === undefined) return { faults: inOrder(faults) }
  return { letter: asLetter(input, mottakertype) }
}

function asLetter({ arkiv, kontoId, ...given }: { readonly [name: string]: Json }, mottakertype: Mottakertype): Letter {
  const forsendelse = SvarUtForsendelse[mottakertype].parse(given)
  return {
    eksternReferanse: EksternReferanse.parse(forsendelse.eksternReferanse),
    mottakertype,
    dokumenter: (forsendelse.dokumenter ?? []).map(({ filnavn, mimeType }) => ({ filnavn, mimeType })),
    forsendelse,
    ...(arkiv === undefined ? {} : { arkiv: Arkiv.parse(arkiv) }),
    ...(kontoId === undefined ? {} : { kontoId: String(kontoId) }),
  }
}

/** The kind is told by the digits; where they do not tell, the schema that fits better finds the other faults. */
function forsendelseFaults(forsendelse: object): { mottakertype: Mottakertype | undefined; faults: ProblemFault[] } {
  const digitalId = valueAt(forsendelse, ['mottaker', 'digitalId'])
  const mottakertype = mottakertypeOf(digitalId)
  if (mottakertype !== undefined)
    return { mottakertype, faults: schemaFaults(SvarUtForsendelse[mottakertype], forsendelse) }
  const person = schemaFaults(SvarUtForsendelse.person, forsendelse)
  const organisasjon = schemaFaults(SvarUtForsendelse.organisasjon, forsendelse)
  return { mottakertype, faults: person.length <= organisasjon.length ? person : organisasjon }
}

function mottakertypeOf(digitalId: unknown): Mottakertype | undefined {
  if (typeof digitalId !== 'string') return undefined
  if (/^[0-9]{11}$/.test(digitalId)) return 'person'
  return /^[0-9]{9}$/.test(digitalId) ? 'organisasjon' : undefined
}

/** The reference stands in events, logs of others and addresses, so it must not tell who somebody is. */
function referanseFaults(value: unknown): ProblemFault[] {
  const path = 'eksternReferanse'
  if (value === undefined) {
    return [{ path, code: 'MANGLER', detail: 'Feltet må være med: 1 til 100 tegn, ulik for hvert brev fra kommunen.' }]
  }
  if (typeof value !== 'string') return []
  if (holdsPersonNumber(value)) {
    const detail = 'Kan ikke inneholde fødselsnummer eller D-nummer. Bruk fagsystemets egen id for brevet.'
    return [{ path, code: 'INNEHOLDER_FODSELSNUMMER', detail }]
  }
  if (/[\p{Cc}\p{Cs}]/u.test(value)) {
    const detail = `Kan ikke inneholde styretegn eller halve tegn. Det som kom, er ${kindOf(value)}.`
    return [{ path, code: 'UGYLDIG_VERDI', detail }]
  }
  return []
}

function dokumentFaults(dokumenter: unknown): ProblemFault[] {
  if (dokumenter === undefined) {
    return [{ path: 'dokumenter', code: 'MANGLER', detail: 'Feltet må være med: ett eller flere dokumenter.' }]
  }
  if (!Array.isArray(dokumenter)) return []
  if (dokumenter.length === 0) {
    return [
      {
        path: 'dokumenter',
        code: 'FOR_LITEN_VERDI',
        detail: 'Må være minst 1 i listen. Det som kom, er en tom liste.',
      },
    ]
  }
  return dokumenter.flatMap((_, place): ProblemFault[] => {
    const mimeType = valueAt(dokumenter, [place, 'mimeType'])
    if (typeof mimeType !== 'string' || Dokument.shape.mimeType.safeParse(plainMediaType(mimeType)).success) return []
    const detail = 'Må være en medietype der hver halvdel har høyst 63 tegn, for eksempel application/pdf.'
    return [{ path: `dokumenter[${place}].mimeType`, code: 'UGYLDIG_VERDI', detail }]
  })
}

/** A media type without its parameters, in lower case (RFC 9110 §8.3.1). */
export function plainMediaType(mimeType: string): string {
  return (mimeType.split(';')[0] ?? '').trim().toLowerCase()
}

function arkivFaults(arkiv: Json | undefined, { hasArkiv }: LetterRules): ProblemFault[] {
  if (arkiv === undefined) return []
  if (!hasArkiv) {
    const detail = 'Kommunen har ikke satt opp noe arkiv i Samband. La feltet være, eller be drift om å sette det opp.'
    return [{ path: 'arkiv', code: 'ARKIV_IKKE_SATT_OPP', detail }]
  }
  return schemaFaults(Arkiv, arkiv, ['arkiv'])
}

function kontoFaults(kontoId: Json | undefined, rules: LetterRules): ProblemFault[] {
  if (kontoId === undefined) return []
  if (typeof kontoId !== 'string' || !KontoId.safeParse(kontoId).success) {
    return [{ path: 'kontoId', code: 'UGYLDIG_VERDI', detail: `Må være en UUID. Det som kom, er ${kindOf(kontoId)}.` }]
  }
  if (kontoId.toLowerCase() === rules.kontoId.toLowerCase()) return []
  const detail = 'Kontoen er ikke en av kommunens. La feltet være for å bruke den som er satt opp.'
  return [{ path: 'kontoId', code: 'UKJENT_KONTO', detail }]
}

/** Each field once: two rules about one field say the same to whoever has to correct it. */
function inOrder(faults: readonly ProblemFault[]): ProblemFault[] {
  const seen = new Set<string>()
  return faults.filter(({ path, code }) => {
    const known = seen.has(`${path} ${code}`)
    seen.add(`${path} ${code}`)
    return !known
  })
}
