import type { z } from 'zod'
import {
  AccountAnswer,
  AlarmsAnswer,
  AuditAnswer,
  BackupAnswer,
  FailuresAnswer,
  JourneyAnswer,
  ReplayAnswer,
  RowsAnswer,
  TrustAnswer,
  VerbAnswer,
} from '../answers.ts'
import type { ApiCall } from './client.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import {
  renderAccount,
  renderAlarms,
  renderAudit,
  renderBackup,
  renderFailures,
  renderJourney,
  renderReplay,
  renderRows,
  renderVerb,
} from './render.ts'

/** One call and how its answer is shown. */
export interface Question {
  readonly call: ApiCall
  /** @throws ZodError when the hub answers something else than this program knows */
  show(body: unknown, width: number): { readonly text: string; readonly exitCode: number }
}

/** Values of the options of a command line. */
export type Options = Readonly<Record<string, string | readonly string[] | undefined>>

/** A verb of the command line. */
export interface Verb {
  /** As typed: `replay plan`. */
  readonly name: string
  readonly arguments: string
  readonly about: string
  readonly options: readonly OptionName[]
  /** Least and most arguments. */
  readonly count: readonly [least: number, most: number]
  ask(args: readonly string[], options: Options): Question
}

/** Every option there is, with its value's name and what it says. */
export const OPTIONS = {
  tenant: { value: 'orgnr', about: 'bare denne kommunen; kan gjentas ved replay plan' },
  reason: { value: 'tekst', about: 'begrunnelse; står i revisjonen (minst 10 tegn når noe forkastes)' },
  fingerprint: { value: 'fingeravtrykk', about: 'alt som er parkert med denne årsaken' },
  rows: { value: 'id,id,…', about: 'disse radene' },
  forsendelse: { value: 'id', about: 'alt som er parkert for denne forsendelsen' },
  'looked-at': { value: 'tekst', about: 'hva du så etter hos mottakersystemet' },
  evidence: {
    value: 'json',
    about:
      'det mottakersystemet viser, som JSON, ved svaret finnes; feltene står under Evidence i README for koblingen',
  },
  day: { value: 'ÅÅÅÅ-MM-DD|alle', about: 'dag for mottak i UTC; i dag når den utelates' },
  row: { value: 'id', about: 'bare denne raden' },
  limit: { value: 'antall', about: 'så mange linjer, høyst 1000' },
  before: { value: 'nummer', about: 'fortsett nedenfor dette nummeret' },
} as const
/** A name of `OPTIONS`. */
export type OptionName = keyof typeof OPTIONS

function question<Answer>(
  call: ApiCall,
  schema: z.ZodType<Answer>,
  render: (answer: Answer, width: number) => string,
  exitCode: (answer: Answer) => number = () => EXIT.ok,
): Question {
  return {
    call,
    show(body, width) {
      const answer = schema.parse(body)
      return { text: render(answer, width), exitCode: exitCode(answer) }
    },
  }
}

function text(options: Options, name: OptionName): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : value?.at(-1)
}

function needed(options: Options, name: OptionName): string {
  const value = text(options, name)
  if (value === undefined || value.trim() === '') throw new UsageError(`--${name} mangler: ${OPTIONS[name].about}.`)
  return value
}

function wholeNumber(value: string, what: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new UsageError(`${what} skal være et helt tall.`)
  return Number(value)
}

const segment = (value: string | undefined) => encodeURIComponent(value ?? '')

function evidenceOf(options: Options): unknown {
  const given = text(options, 'evidence')
  if (given === undefined) return undefined
  try {
    return JSON.parse(given)
  } catch (error) {
    throw new UsageError(
      '--evidence skal være JSON, for SvarUt for eksempel {"svarUtId":"…","sendtTidspunkt":"2026-11-25T10:00:00Z"}.',
      { cause: error },
    )
  }
}

function rowVerb(name: string, verb: string, about: string): Verb {
  return {
    name,
    arguments: '<rad>',
    about,
    options: ['reason'],
    count: [1, 1],
    ask: ([row = ''], options) =>
      question(
        {
          method: 'POST',
          path: `/rader/${wholeNumber(row, 'Raden')}/${verb}`,
          body: { arsak: needed(options, 'reason') },
        },
        VerbAnswer,
        renderVerb,
      ),
  }
}

function replayVerb(name: string, verb: string, about: string): Verb {
  return {
    name: `replay ${name}`,
    arguments: '<omkjøring>',
    about,
    options: ['reason'],
    count: [1, 1],
    ask: ([id], options) =>
      question(
        { method: 'POST', path: `/omkjoringer/${segment(id)}/${verb}`, body: { arsak: text(options, 'reason') } },
        ReplayAnswer,
        renderReplay,
      ),
  }
}

/** All verbs, in the order of the usage text. */
export const VERBS: readonly Verb[] = [
  {
    name: 'failures',
    arguments: '[fingeravtrykk]',
    about: 'hva som står fast, etter årsak; med fingeravtrykk: radene',
    options: ['tenant', 'limit'],
    count: [0, 1],
    ask([fingerprint], options) {
      const query = { kommune: text(options, 'tenant'), antall: text(options, 'limit') }
      if (fingerprint === undefined && query.antall !== undefined)
        throw new UsageError('--limit gjelder radene til ett fingeravtrykk: oppgi det, eller la --limit være.')
      return fingerprint === undefined
        ? question({ method: 'GET', path: '/feil', query: { kommune: query.kommune } }, FailuresAnswer, renderFailures)
        : question({ method: 'GET', path: `/feil/${segment(fingerprint)}`, query }, RowsAnswer, renderRows)
    },
  },
  {
    name: 'journey',
    arguments: '<forsendelse eller referanse>',
    about: 'alt som har skjedd med en forsendelse, og hva den venter på',
    options: ['tenant'],
    count: [1, 1],
    ask: ([id], options) =>
      question(
        { method: 'GET', path: `/reise/${segment(id)}`, query: { kommune: text(options, 'tenant') } },
        JourneyAnswer,
        renderJourney,
      ),
  },
  {
    name: 'replay plan',
    arguments: '',
    about: 'velg ut parkerte meldinger og se prognosen; ingenting kjøres',
    options: ['fingerprint', 'rows', 'forsendelse', 'tenant', 'reason'],
    count: [0, 0],
    ask(_args, options) {
      const rows = text(options, 'rows')
      const tenants = options['tenant']
      const utvalg = {
        fingerprint: text(options, 'fingerprint'),
        radIder: rows?.split(',').map((row) => wholeNumber(row.trim(), 'Hver rad i --rows')),
        forsendelseId: text(options, 'forsendelse'),
        kommuner: typeof tenants === 'string' ? [tenants] : tenants,
      }
      if (utvalg.fingerprint === undefined && rows === undefined && utvalg.forsendelseId === undefined) {
        throw new UsageError('Velg hva som skal kjøres om igjen: --fingerprint, --rows eller --forsendelse.')
      }
      return question(
        { method: 'POST', path: '/omkjoringer', body: { utvalg, arsak: needed(options, 'reason') } },
        ReplayAnswer,
        renderReplay,
      )
    },
  },
  replayVerb('start', 'start', 'start omkjøringen: først noen få, så resten'),
  {
    name: 'replay show',
    arguments: '<omkjøring>',
    about: 'hvor langt omkjøringen er kommet',
    options: [],
    count: [1, 1],
    ask: ([id]) => question({ method: 'GET', path: `/omkjoringer/${segment(id)}` }, ReplayAnswer, renderReplay),
  },
  replayVerb('pause', 'pause', 'stans midlertidig'),
  replayVerb('cancel', 'avbryt', 'avbryt; det som er sluppet, går videre'),
  rowVerb('discard', 'forkast', 'forkast en melding'),
  rowVerb('undo', 'angre', 'angre en forkasting'),
  {
    name: 'answer',
    arguments: '<nøkkel> finnes|finnes-ikke',
    about: 'svar på om noe finnes hos mottakersystemet; «finnes-ikke» krever to personer',
    options: ['reason', 'looked-at', 'evidence'],
    count: [2, 2],
    ask([key, svar], options) {
      if (svar !== 'finnes' && svar !== 'finnes-ikke')
        throw new UsageError('Svaret skal være finnes eller finnes-ikke.')
      const body = {
        svar,
        bevis: evidenceOf(options),
        arsak: needed(options, 'reason'),
        sett: needed(options, 'looked-at'),
      }
      return question({ method: 'POST', path: `/sporsmal/${segment(key)}/svar`, body }, VerbAnswer, renderVerb)
    },
  },
  {
    name: 'account',
    arguments: '',
    about: 'regnskapet: hver mottatt id i nøyaktig én klasse',
    options: ['day', 'tenant'],
    count: [0, 0],
    ask: (_args, options) =>
      question(
        { method: 'GET', path: '/regnskap', query: { dag: text(options, 'day'), kommune: text(options, 'tenant') } },
        AccountAnswer,
        renderAccount,
        (answer) => (answer.stemmer ? EXIT.ok : EXIT.unaccounted),
      ),
  },
  {
    name: 'alarms',
    arguments: '',
    about: 'det som aldri skal skje, og likevel skjedde',
    options: ['tenant', 'limit', 'before'],
    count: [0, 0],
    ask: (_args, options) =>
      question({ method: 'GET', path: '/alarmer', query: listQuery(options) }, AlarmsAnswer, renderAlarms),
  },
  {
    name: 'audit',
    arguments: '',
    about: 'hvem som har gjort hva for hånd, og hvorfor',
    options: ['tenant', 'forsendelse', 'row', 'limit', 'before'],
    count: [0, 0],
    ask: (_args, options) =>
      question(
        {
          method: 'GET',
          path: '/revisjon',
          query: { ...listQuery(options), forsendelseId: text(options, 'forsendelse'), radId: text(options, 'row') },
        },
        AuditAnswer,
        renderAudit,
      ),
  },
  {
    name: 'trust',
    arguments: '',
    about: 'regn et gjenopprettet lager som fullstendig fra neste start, når alt er sammenlignet med mottakersystemene',
    options: ['reason'],
    count: [0, 0],
    ask: (_args, options) =>
      question(
        { method: 'POST', path: '/tillit', body: { arsak: needed(options, 'reason') } },
        TrustAnswer,
        ({ setning }) => setning,
      ),
  },
  {
    name: 'backup',
    arguments: '<filnavn.db>',
    about: 'kopier lageret mens navet går, til mappen SAMBAND_BACKUPS på navets maskin',
    options: [],
    count: [1, 1],
    ask: ([fil]) => question({ method: 'POST', path: '/sikkerhetskopi', body: { fil } }, BackupAnswer, renderBackup),
  },
]

function listQuery(options: Options) {
  return { kommune: text(options, 'tenant'), antall: text(options, 'limit'), for: text(options, 'before') }
}
