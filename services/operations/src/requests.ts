import { holdsPersonNumber } from '@samband/connector-kit'
import { z } from 'zod'
import { refusal } from './problem.ts'

const MOST_ROWS_NAMED = 10_000
const MOST_EVIDENCE_CHARACTERS = 10_000

/** A sentence that goes into the audit. */
function sentence(least: number) {
  const expected = `Forventet en tekst på ${least} til 500 tegn.`
  return z
    .string(expected)
    .trim()
    .min(least, expected)
    .max(500, expected)
    .refine((text) => !/[\p{Cc}\p{Cf}]/u.test(text.replaceAll('\n', ' ')), 'Forventet en tekst uten styretegn.')
    .refine(
      (text) => !holdsPersonNumber(text),
      'Teksten lagres i revisjonen og kan ikke ha et fødselsnummer; bruk forsendelsens id.',
    )
}

/** A reason for what is done. */
const Arsak = sentence(3)
/** A reason for giving something up; long enough to say something. */
const DiscardArsak = sentence(10)

const orgnrFault = 'Forventet et organisasjonsnummer med ni sifre.'
const Orgnr = z.string(orgnrFault).regex(/^[0-9]{9}$/, orgnrFault)
const uuidFault = 'Forventet en id på formen 8-4-4-4-12 heksadesimale sifre.'
const Uuid = z.string(uuidFault).regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, uuidFault)
const rowIdFault = 'Forventet en rad-id, et helt tall fra 1.'
const RowId = z.int(rowIdFault).min(1, rowIdFault)
const rowsFault = `Forventet en liste med 1 til ${MOST_ROWS_NAMED} rad-id-er.`

function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `Feltet er ukjent her; kjente felt er ${known}.`
        : `Forventet et JSON-objekt med ${known}.`,
  })
}

/** Body of POST /omkjoringer. */
export const PlanBody = strict({
  utvalg: strict({
    fingerprint: z
      .string('Forventet et fingeravtrykk.')
      .min(1, 'Forventet et fingeravtrykk.')
      .max(400)
      .refine((text) => !holdsPersonNumber(text), 'Fingeravtrykket lagres og kan ikke ha et fødselsnummer.')
      .optional(),
    radIder: z.array(RowId, rowsFault).min(1, rowsFault).max(MOST_ROWS_NAMED, rowsFault).optional(),
    forsendelseId: Uuid.optional(),
    kommuner: z
      .array(Orgnr, 'Forventet en liste med organisasjonsnummer.')
      .min(1, 'Listen er tom.')
      .max(500)
      .optional(),
  }).refine(
    (chosen) => chosen.fingerprint !== undefined || chosen.radIder !== undefined || chosen.forsendelseId !== undefined,
    'Velg hva som skal kjøres om igjen: fingerprint, radIder eller forsendelseId.',
  ),
  arsak: Arsak,
})

/** Body of the verbs of a replay; left out means the reason of the plan. */
export const ReplayVerbBody = strict({ arsak: Arsak.optional() })
/** Body of POST /rader/{rowId}/forkast. */
export const DiscardBody = strict({ arsak: DiscardArsak })
/** Body of POST /rader/{rowId}/angre. */
export const UndoBody = strict({ arsak: Arsak })

const evidenceFault = `Forventet et JSON-objekt på høyst ${MOST_EVIDENCE_CHARACTERS} tegn, slik mottakersystemets eget svar ville vært.`
const Evidence = z
  .record(z.string(), z.json(), evidenceFault)
  .refine((value) => JSON.stringify(value).length <= MOST_EVIDENCE_CHARACTERS, evidenceFault)
  .refine(
    (value) => !holdsPersonNumber(JSON.stringify(value)),
    'Beviset lagres for godt og kan ikke ha et fødselsnummer.',
  )

/** Body of POST /sporsmal/{effectKey}/svar. */
export const AnswerBody = strict({
  svar: z.enum(['finnes', 'finnes-ikke'], 'Forventet finnes eller finnes-ikke.'),
  bevis: Evidence.optional(),
  arsak: Arsak,
  sett: sentence(3),
}).check(({ value, issues }) => {
  const fault = (message: string) => issues.push({ code: 'custom', input: undefined, path: ['bevis'], message })
  if (value.svar === 'finnes' && value.bevis === undefined) {
    fault('Svaret finnes trenger bevis: id-en hos mottakersystemet, slik systemet selv ville svart.')
  }
  if (value.svar === 'finnes-ikke' && value.bevis !== undefined) fault('Svaret finnes-ikke har ikke noe bevis.')
})

const numberFault = 'Forventet et helt tall fra 1.'
const count = (most: number, ordinary: number) =>
  z.coerce
    .number(numberFault)
    .int(numberFault)
    .min(1, numberFault)
    .max(most, `Forventet høyst ${most}.`)
    .default(ordinary)
const cursor = z.coerce.number(numberFault).int(numberFault).min(1, numberFault).optional()

/** Query of the failure groups and of a journey. */
export const KommuneQuery = strict({ kommune: Orgnr.optional() })
/** Query of the rows of a group. */
export const RowsQuery = strict({ kommune: Orgnr.optional(), antall: count(1000, 100) })
/** Query of alarms: `for` continues below the number of the last one shown. */
export const AlarmsQuery = strict({ kommune: Orgnr.optional(), antall: count(1000, 100), for: cursor })
/** Query of the audit. */
export const AuditQuery = strict({
  kommune: Orgnr.optional(),
  forsendelseId: Uuid.optional(),
  radId: z.coerce.number(rowIdFault).int(rowIdFault).min(1, rowIdFault).optional(),
  antall: count(1000, 100),
  for: cursor,
})

const dayFault = 'Forventet en dag på formen ÅÅÅÅ-MM-DD, eller alle.'
/** Query of the account: day of acceptance in UTC, today when left out. */
export const AccountQuery = strict({
  dag: z.union([z.literal('alle'), z.iso.date(dayFault)], dayFault).optional(),
  kommune: Orgnr.optional(),
})

/** The row id of a path. */
export const RowIdParam = z.coerce
  .number(rowIdFault)
  .int(rowIdFault)
  .min(1, rowIdFault)
  .max(Number.MAX_SAFE_INTEGER, rowIdFault)

/**
 * What came, checked. The refusal names the field and what was expected, never the value.
 * @throws HubError DRIFT_UGYLDIG_FORESPORSEL
 */
export function checked<Schema extends z.ZodType>(schema: Schema, input: unknown, whole: string): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1).map((key) => key.slice(0, 40)) : []
  const path = [...(issue?.path ?? []), ...unknown].map(String).join('.')
  throw refusal('DRIFT_UGYLDIG_FORESPORSEL', issue?.message ?? 'Ugyldig verdi.', path === '' ? whole : path)
}
