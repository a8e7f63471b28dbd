import type { Forklaring, Kommune } from './answers.ts'
import { type ErrorCodes, explain } from './error-codes.ts'

/** Norwegian words for what the runtime calls things. One list per kind; a word that is missing is shown as it is. */

const STATES: Readonly<Record<string, string>> = {
  waiting: 'venter',
  running: 'kjører',
  parked: 'parkert',
  discarding: 'forkastes',
  discarded: 'forkastet',
  done: 'ferdig',
  open: 'ubesvart',
  there: 'finnes',
  'not-there': 'finnes ikke',
  answered: 'besvart',
  closed: 'lukket',
}

const JOB_STATES: Readonly<Record<string, string>> = {
  planned: 'planlagt',
  running: 'kjører',
  paused: 'satt på pause',
  braked: 'bremset',
  finished: 'ferdig',
  cancelled: 'avbrutt',
}

const ITEM_STATES: Readonly<Record<string, string>> = {
  frozen: 'ikke begynt',
  released: 'sluppet',
  skipped: 'hoppet over',
  cancelled: 'avbrutt',
  done: 'ferdig',
  'parked again': 'parkert igjen',
  discarded: 'forkastet',
}

const FORECASTS: Readonly<Record<string, string>> = {
  'run again': 'kjøres på nytt; ingenting er begynt utenfor',
  'resume after what is done': 'fortsetter etter det som er gjort',
  'ask first': 'mottakersystemet spørres først',
  cannot: 'kan ikke kjøres',
}

const SKIPS: Readonly<Record<string, string>> = {
  done: 'er ferdig',
  discarded: 'er forkastet',
  discarding: 'forkastes',
  changed: 'er endret',
  'changed since the replay was planned': 'er endret siden omkjøringen ble planlagt',
}

const CLOSED_AS: Readonly<Record<string, string>> = {
  'nothing happened': 'ingenting skjedde',
  'not there': 'finnes ikke hos mottakersystemet',
}

const VERBS: Readonly<Record<string, string>> = {
  'backup-asked': 'ba om en sikkerhetskopi',
  backup: 'fikk skrevet sikkerhetskopien',
  'backup-refused': 'fikk ingen sikkerhetskopi: den ble avvist',
  'backup-failed': 'fikk ingen sikkerhetskopi: skrivingen feilet',
  discard: 'forkastet',
  undo: 'angret forkastingen',
  trust: 'regnet det gjenopprettede lageret som fullstendig igjen',
  'answer-there': 'svarte at den finnes hos mottakersystemet',
  'answer-not-there-proposed': 'svarte at den ikke finnes; venter på en person til',
  'answer-not-there': 'bekreftet at den ikke finnes hos mottakersystemet',
  'replay-plan': 'planla en omkjøring',
  'replay-running': 'startet omkjøringen',
  'replay-paused': 'satte omkjøringen på pause',
  'replay-cancelled': 'avbrøt omkjøringen',
}

const ALARMS: Readonly<Record<string, { readonly betydning: string; readonly nesteSteg: string }>> = {
  doubled: {
    betydning: 'Noe er gjort to ganger hos mottakersystemet.',
    nesteSteg: 'Se på begge hos mottakersystemet, og få den ene trukket tilbake.',
  },
  'although-discarded': {
    betydning: 'En forkastet melding var likevel utført hos mottakersystemet, helt eller delvis.',
    nesteSteg:
      'Gi beskjed til den som forkastet den; se etter om den også er gjort for hånd. Etter en gjenoppretting: forkastingen kan ha vært angret; angre den igjen hvis reisen sier at den ikke er ferdig.',
  },
  'log-stopped': {
    betydning: 'Lesingen av hendelsesloggen har stanset.',
    nesteSteg: 'Se på readyz og i loggen. Ingenting går videre før årsaken er fjernet.',
  },
  unaccounted: {
    betydning: 'Noe som er mottatt, finnes ikke igjen.',
    nesteSteg: 'Hent regnskapet for dagen og reisen til hver id som ikke er gjort rede for.',
  },
  'input-changed': {
    betydning: 'En påbegynt melding har fått et annet innhold.',
    nesteSteg: 'Sammenlign med det som står hos mottakersystemet, og forkast eller svar.',
  },
  standstill: {
    betydning: 'Arbeid i navet feiler gang på gang og kommer ikke videre.',
    nesteSteg: 'Se på readyz og i loggen, på plassen på disken og på lageret. Det prøves igjen av seg selv.',
  },
  'unknown-name': {
    betydning: 'Et åpent spørsmål hører til et steg som denne utgaven ikke kjenner; ingen spør om det.',
    nesteSteg: 'Start utgaven som kjenner steget, eller svar på spørsmålet for hånd.',
  },
  defect: {
    betydning: 'En feil i programmet har stoppet en melding.',
    nesteSteg: 'Se i loggen på det tidspunktet, meld feilen, og kjør om igjen når den er rettet.',
  },
}

const word = (list: Readonly<Record<string, string>>) => (name: string) => list[name] ?? name

/** Words for states of rows, attempts and answers. */
export const stateWord = word(STATES)
/** Words for states of a replay. */
export const jobStateWord = word(JOB_STATES)
/** Words for states of an item of a replay. */
export const itemStateWord = word(ITEM_STATES)
/** Words for forecasts. */
export const forecastWord = word(FORECASTS)
/** Words for why an item was skipped. */
export const skipWord = word(SKIPS)
/** Words for how an attempt was closed. */
export const closedWord = word(CLOSED_AS)
/** Words for audited verbs, as the second half of a sentence about a person. */
export const verbWord = word(VERBS)

/** What an alarm means and what to do. */
export function alarmWords(kind: string): { readonly betydning: string; readonly nesteSteg: string } {
  return (
    ALARMS[kind] ?? { betydning: 'Noe som ikke skal skje, har skjedd.', nesteSteg: 'Se i loggen på det tidspunktet.' }
  )
}

/** A code, explained. */
export function forklaring(tables: ErrorCodes, code: string): Forklaring {
  const { meaning, owner, nextStep } = explain(tables, code)
  return { betydning: meaning, hvem: owner, nesteSteg: nextStep }
}

/** A municipality with its name. */
export function kommune(tenantNames: (orgnr: string) => string, orgnr: string): Kommune {
  return { orgnr, navn: tenantNames(orgnr) }
}
