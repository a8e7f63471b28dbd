import type { Json } from '@samband/kernel'
import { z } from 'zod'

/** What the API answers, and what its clients read. Instants are ISO 8601 in UTC; names of fields are Norwegian, as the API's. */

const Instant = z.string()
const Count = z.number()
const AnyJson: z.ZodType<Json> = z.json()

/** A municipality with its name. */
export const Kommune = z.object({ orgnr: z.string(), navn: z.string() })
export type Kommune = z.infer<typeof Kommune>

/** A code, explained. */
export const Forklaring = z.object({ betydning: z.string(), hvem: z.string(), nesteSteg: z.string() })
export type Forklaring = z.infer<typeof Forklaring>

/** A destination that refuses or is down, so that messages wait. */
export const ApenKrets = z.object({
  kommune: Kommune,
  system: z.string(),
  kode: z.string().nullable(),
  forklaring: Forklaring.nullable(),
})
export type ApenKrets = z.infer<typeof ApenKrets>

/** Failures with the same cause. */
export const Feilgruppe = z.object({
  fingerprint: z.string(),
  behandler: z.string(),
  kode: z.string(),
  felt: z.string(),
  kommuner: z.array(Kommune),
  parkert: Count,
  venter: Count,
  forkastes: Count,
  eldsteMottatt: Instant,
  melding: z.string(),
  forklaring: Forklaring,
})
export type Feilgruppe = z.infer<typeof Feilgruppe>

/** GET /feil */
export const FailuresAnswer = z.object({ grupper: z.array(Feilgruppe), apneKretser: z.array(ApenKrets) })
export type FailuresAnswer = z.infer<typeof FailuresAnswer>

/** A question that the destination has not answered. */
export const ApentSporsmal = z.object({ effectKey: z.string(), effekt: z.string(), forsok: Count, begynt: Instant })
export type ApentSporsmal = z.infer<typeof ApentSporsmal>

/** A row that did not get on. */
export const Rad = z.object({
  radId: z.number(),
  behandler: z.string(),
  kommune: Kommune,
  forsendelseId: z.string().nullable(),
  tilstand: z.string(),
  kode: z.string().nullable(),
  melding: z.string().nullable(),
  parkeringsnummer: Count,
  mottatt: Instant,
  nesteForsok: Instant.nullable(),
  bakVenter: Count,
  apneSporsmal: z.array(ApentSporsmal),
})
export type Rad = z.infer<typeof Rad>

/** GET /feil/{fingerprint}: the oldest rows first, `antall` counts all of them. */
export const RowsAnswer = z.object({
  fingerprint: z.string(),
  kode: z.string(),
  felt: z.string(),
  forklaring: Forklaring,
  antall: Count,
  rader: z.array(Rad),
})
export type RowsAnswer = z.infer<typeof RowsAnswer>

/** One line of a journey. */
export const Trinn = z.object({
  tid: Instant,
  slag: z.enum(['mottatt', 'hendelse', 'behandling', 'forsok', 'svar', 'alarm', 'revisjon']),
  tekst: z.string(),
  radId: z.number().nullable(),
})
export type Trinn = z.infer<typeof Trinn>

/** A row that is open, and why. */
export const StarNa = z.object({
  radId: z.number(),
  behandler: z.string(),
  tilstand: z.string(),
  tekst: z.string(),
  kode: z.string().nullable(),
  forklaring: Forklaring.nullable(),
  nesteForsok: Instant.nullable(),
  bakVenter: Count,
  foran: z.object({ radId: z.number(), forsendelseId: z.string().nullable(), tilstand: z.string() }).nullable(),
  apneSporsmal: z.array(ApentSporsmal),
})
export type StarNa = z.infer<typeof StarNa>

/** What was or may have been changed outside. */
export const Effekt = z.object({
  effectKey: z.string(),
  effekt: z.string(),
  behandler: z.string(),
  bevis: AnyJson,
  besvart: Instant.nullable(),
  forsok: z.array(
    z.object({
      nummer: z.number(),
      begynt: Instant,
      tilstand: z.string(),
      slutt: Instant.nullable(),
      lukketSom: z.string().nullable(),
      kode: z.string().nullable(),
    }),
  ),
})
export type Effekt = z.infer<typeof Effekt>

/** GET /reise/{id} */
export const JourneyAnswer = z.object({
  forsendelseId: z.string(),
  eksternReferanse: z.string(),
  kommune: Kommune,
  mottatt: Instant,
  konklusjon: z.string(),
  trinn: z.array(Trinn),
  na: z.array(StarNa),
  effekter: z.array(Effekt),
})
export type JourneyAnswer = z.infer<typeof JourneyAnswer>

/** POST /omkjoringer and what shows or changes one. */
export const ReplayAnswer = z.object({
  omkjoringId: z.string(),
  tilstand: z.string(),
  setning: z.string(),
  planlagtAv: z.string(),
  arsak: z.string(),
  opprettet: Instant,
  prognose: z.object({ sum: Count, kjoresPaNytt: Count, fortsetter: Count, sporForst: Count, kanIkke: Count }),
  resultat: z.object({
    frosset: Count,
    sluppet: Count,
    ferdig: Count,
    parkertIgjen: Count,
    hoppetOver: Count,
    forkastet: Count,
    avbrutt: Count,
  }),
  rader: z.array(
    z.object({ radId: z.number(), prognose: z.string(), tilstand: z.string(), hvorfor: z.string().nullable() }),
  ),
  /** Row ids that were asked for and did not come along: not parked, not there, or not the operator's. */
  utelatt: z.array(z.number()),
})
export type ReplayAnswer = z.infer<typeof ReplayAnswer>

/** `/tillit`. */
export const TrustAnswer = z.object({ setning: z.string() })
export type TrustAnswer = z.infer<typeof TrustAnswer>

/** What a verb on a row or a question answers. */
export const VerbAnswer = z.object({ radId: z.number(), tilstand: z.string(), setning: z.string() })
export type VerbAnswer = z.infer<typeof VerbAnswer>

/** The classes of the account, in the order in which they are looked at. */
export const KLASSER = [
  'uregnskapsfort',
  'parkert',
  'forkastes',
  'venter',
  'endteDarlig',
  'forkastet',
  'ferdig',
] as const
export type Klasse = (typeof KLASSER)[number]
const perKlasse = <Value extends z.ZodType>(value: Value) =>
  z.object({
    uregnskapsfort: value,
    parkert: value,
    forkastes: value,
    venter: value,
    endteDarlig: value,
    forkastet: value,
    ferdig: value,
  })

/** GET /regnskap: ids are given for the classes somebody has to look at, at most 200 each. */
export const AccountAnswer = z.object({
  dag: z.string(),
  stemmer: z.boolean(),
  linjer: z.array(
    z.object({
      kommune: Kommune,
      dag: z.string(),
      mottatt: Count,
      antall: perKlasse(Count),
      ider: perKlasse(z.array(z.string())),
    }),
  ),
})
export type AccountAnswer = z.infer<typeof AccountAnswer>

/** GET /alarmer, newest first; `eldre` is the next `for`, null at the end. */
export const AlarmsAnswer = z.object({
  alarmer: z.array(
    z.object({
      nummer: z.number(),
      tid: Instant,
      slag: z.string(),
      betydning: z.string(),
      nesteSteg: z.string(),
      setning: z.string(),
      kommune: Kommune.nullable(),
      forsendelseId: z.string().nullable(),
      radId: z.number().nullable(),
      effectKey: z.string().nullable(),
    }),
  ),
  eldre: z.number().nullable(),
})
export type AlarmsAnswer = z.infer<typeof AlarmsAnswer>

/** GET /revisjon, newest first. */
export const AuditAnswer = z.object({
  linjer: z.array(
    z.object({
      nummer: z.number(),
      tid: Instant,
      person: z.string(),
      klientId: z.string(),
      handling: z.string(),
      tekst: z.string(),
      arsak: z.string(),
      kommune: Kommune.nullable(),
      forsendelseId: z.string().nullable(),
      radId: z.number().nullable(),
      detaljer: AnyJson,
    }),
  ),
  eldre: z.number().nullable(),
})
export type AuditAnswer = z.infer<typeof AuditAnswer>

/** POST /sikkerhetskopi, which the composition root serves. */
export const BackupAnswer = z.object({
  fil: z.string(),
  sti: z.string(),
  storrelseBytes: Count,
  tidspunkt: Instant,
  setning: z.string(),
})
export type BackupAnswer = z.infer<typeof BackupAnswer>
