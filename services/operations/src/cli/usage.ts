import { DISTRUST_ABOUT, DISTRUST_USAGE } from './distrust.ts'
import { MIGRATE_ABOUT, MIGRATE_USAGE } from './migrate.ts'
import { RESTORE_ABOUT, RESTORE_USAGE } from './restore.ts'
import { OPTIONS, VERBS, type Verb } from './verbs.ts'

const DOCTOR_USAGE = 'doctor [--token | --nett]'
const DOCTOR_ABOUT =
  'sjekk oppsettet og alt det hviler på; --nett viser åpninger å bestille. Med miljøvariablene til navet'

/** Verbs that work on a machine of the installation, and not through its API. */
const OFFLINE = [
  [RESTORE_USAGE, RESTORE_ABOUT],
  [MIGRATE_USAGE, MIGRATE_ABOUT],
  [DISTRUST_USAGE, DISTRUST_ABOUT],
  [DOCTOR_USAGE, DOCTOR_ABOUT],
] as const

/** The whole usage text. */
export function usage(): string {
  const heads = VERBS.map(headOf)
  const width = Math.max(...[...heads, ...OFFLINE.map(([head]) => head)].map((head) => head.length)) + 2
  return [
    'Samband, kommandolinjen for drift',
    '',
    'Bruk: npm run samband -- <kommando> [valg]',
    '',
    ...VERBS.map((verb, index) => `  ${(heads[index] ?? '').padEnd(width)}${verb.about}`),
    ...OFFLINE.map(([head, about]) => `  ${head.padEnd(width)}${about}`),
    '',
    'Valg for alle: --json gir svaret fra navet som JSON, --help forklarer kommandoen.',
    '',
    'Miljøvariabler:',
    '  SAMBAND_URL            adressen til navet, for eksempel https://samband.example',
    '  SAMBAND_KLIENT_ID      klienten i operators.yaml',
    '  SAMBAND_KLIENT_SECRET  hemmeligheten dens',
    '  SAMBAND_OPERATOR       navnet ditt, for alt som endrer noe; står i revisjonen',
    '',
    'Sluttkoder: 0 i orden, 1 avvist, 2 feil bruk, 3 finnes ikke, 4 ikke tilgang, 5 navet svarer ikke, 6 regnskapet stemmer ikke.',
    'Tider vises i norsk tid.',
  ].join('\n')
}

/** The usage text of one verb. */
export function usageOf(verb: Verb): string {
  const options = [
    ...verb.options.map((name) => ({ head: `--${name} <${OPTIONS[name].value}>`, about: OPTIONS[name].about })),
    { head: '--json', about: 'svaret fra navet som JSON' },
  ]
  const width = Math.max(...options.map(({ head }) => head.length)) + 2
  return [
    `Bruk: npm run samband -- ${headOf(verb)} [valg]`,
    '',
    `  ${verb.about}`,
    '',
    ...options.map(({ head, about }) => `  ${head.padEnd(width)}${about}`),
  ].join('\n')
}

function headOf(verb: Verb): string {
  return verb.arguments === '' ? verb.name : `${verb.name} ${verb.arguments}`
}
