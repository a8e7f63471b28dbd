import type {
  AccountAnswer,
  AlarmsAnswer,
  AuditAnswer,
  BackupAnswer,
  Effekt,
  FailuresAnswer,
  JourneyAnswer,
  Kommune,
  ReplayAnswer,
  RowsAnswer,
  StarNa,
  VerbAnswer,
} from '../answers.ts'
import { KLASSER } from '../answers.ts'
import { facts, osloTime, section, table } from './layout.ts'

/** Answers of the API as text for people: pure, `width` is that of the terminal. */

const MOST_LINES = 50
const name = (kommune: Kommune | null) => (kommune === null ? 'hele navet' : kommune.navn)
const paragraphs = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('\n\n')

/** For a shell: quoted, since fingerprints have bars in them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** What is stuck, by cause. */
export function renderFailures(answer: FailuresAnswer, width: number): string {
  const circuits = answer.apneKretser.map((circuit) =>
    facts(
      [
        ['Venter', `alt fra ${circuit.kommune.navn} til ${circuit.system}: systemet avviser oss eller er nede.`],
        ['Årsak', `${circuit.forklaring?.betydning ?? 'ukjent'} ${circuit.kode ?? ''}`.trim()],
        ['Neste steg', circuit.forklaring?.nesteSteg ?? 'Se i loggen.'],
      ],
      width,
    ),
  )
  const groups = answer.grupper.map((group) =>
    [
      `${group.kode || 'UTEN KODE'}${group.felt === '' ? '' : ` (felt ${group.felt})`} i ${group.behandler}`,
      facts(
        [
          [
            'Antall',
            `${group.parkert} parkert, ${group.venter} venter, ${group.forkastes} forkastes; den eldste fra ${osloTime(group.eldsteMottatt)}`,
          ],
          ['Kommuner', group.kommuner.map(name).join(', ')],
          ['Betydning', group.forklaring.betydning],
          ['Hvem', group.forklaring.hvem],
          ['Neste steg', group.forklaring.nesteSteg],
          ['Siste melding', group.melding],
          ['Rader', `npm run samband -- failures ${quoted(group.fingerprint)}`],
        ],
        width,
        2,
      ),
    ].join('\n'),
  )
  return paragraphs(...circuits, ...groups, answer.grupper.length === 0 ? 'Ingenting står fast.' : '')
}

/** The rows of one group. */
export function renderRows(answer: RowsAnswer, width: number): string {
  const rows = answer.rader.map((row) => [
    row.radId,
    row.tilstand,
    name(row.kommune),
    osloTime(row.mottatt),
    row.nesteForsok === null ? '' : osloTime(row.nesteForsok),
    row.bakVenter,
    row.forsendelseId ?? '',
  ])
  const columns = [
    { title: 'RAD', align: 'right' as const },
    { title: 'TILSTAND' },
    { title: 'KOMMUNE' },
    { title: 'MOTTATT' },
    { title: 'NESTE FORSØK' },
    { title: 'BAK', align: 'right' as const },
    { title: 'FORSENDELSE' },
  ]
  const questions = answer.rader.flatMap((row) =>
    row.apneSporsmal.map((one) => `  rad ${row.radId}: ${one.effekt}, forsøk ${one.forsok}, nøkkel ${one.effectKey}`),
  )
  const more =
    answer.antall > answer.rader.length
      ? `Viser ${answer.rader.length} av ${answer.antall}; bruk --limit for flere.`
      : ''
  return paragraphs(
    facts(
      [
        ['Kode', answer.kode || 'ingen'],
        ['Betydning', answer.forklaring.betydning],
        ['Hvem', answer.forklaring.hvem],
        ['Neste steg', answer.forklaring.nesteSteg],
      ],
      width,
    ),
    table(columns, rows, width),
    questions.length === 0 ? '' : section('Ubesvarte spørsmål til mottakersystemet:', questions.join('\n')),
    more,
    `Kjør om igjen: npm run samband -- replay plan --fingerprint ${quoted(answer.fingerprint)} --reason '…'`,
  )
}

/** Kinds of steps as people spell them, where the API spells them in ASCII. */
const KIND_WORDS: Readonly<Record<string, string>> = { forsok: 'forsøk' }

/** One forsendelse from the beginning to now. */
export function renderJourney(answer: JourneyAnswer, width: number): string {
  const steps = answer.trinn.map((step) => [
    osloTime(step.tid),
    KIND_WORDS[step.slag] ?? step.slag,
    step.radId ?? '',
    step.tekst,
  ])
  return paragraphs(
    facts(
      [
        ['Forsendelse', answer.forsendelseId],
        ['Referanse', answer.eksternReferanse],
        ['Kommune', `${answer.kommune.navn} (${answer.kommune.orgnr})`],
        ['Mottatt', osloTime(answer.mottatt)],
        ['Status', answer.konklusjon],
      ],
      width,
    ),
    table(
      [{ title: 'TID' }, { title: 'HVA' }, { title: 'RAD', align: 'right' }, { title: 'HVA SKJEDDE' }],
      steps,
      width,
    ),
    answer.na.length === 0 ? '' : section('Nå:', answer.na.map((row) => standing(row, width)).join('\n')),
    answer.effekter.length === 0
      ? ''
      : section('Gjort eller forsøkt utenfor:', answer.effekter.map((one) => effect(one, width)).join('\n')),
  )
}

function standing(row: StarNa, width: number): string {
  const questions = row.apneSporsmal.map((one): readonly [string, string] => [
    'Ubesvart',
    `${one.effekt}, forsøk ${one.forsok}, begynt ${osloTime(one.begynt)}, nøkkel ${one.effectKey}`,
  ])
  return facts(
    [
      [`Rad ${row.radId}`, `${row.behandler}. ${row.tekst}`],
      ...(row.nesteForsok === null ? [] : [['Neste forsøk', osloTime(row.nesteForsok)] as const]),
      ...(row.bakVenter === 0
        ? []
        : [['Bak venter', `${row.bakVenter} ${row.bakVenter === 1 ? 'melding' : 'meldinger'}`] as const]),
      ...questions,
    ],
    width,
    2,
  )
}

function effect(one: Effekt, width: number): string {
  const state = one.besvart === null ? 'ikke besvart' : `finnes, ${osloTime(one.besvart)}: ${JSON.stringify(one.bevis)}`
  const attempts = one.forsok.map(
    (attempt) =>
      `forsøk ${attempt.nummer} ${attempt.tilstand}${attempt.lukketSom === null ? '' : ` (${attempt.lukketSom})`}`,
  )
  return facts(
    [
      [one.effekt, [state, ...attempts].join('; ')],
      ['nøkkel', one.effectKey],
    ],
    width,
    2,
  )
}

/** A replay: its set, forecast and results. */
export function renderReplay(answer: ReplayAnswer, width: number): string {
  const { prognose, resultat } = answer
  const shown = answer.rader.slice(0, MOST_LINES)
  const rows = shown.map((row) => [
    row.radId,
    row.tilstand,
    [row.prognose, row.hvorfor].filter((one) => one !== null).join('; '),
  ])
  const id = answer.omkjoringId
  return paragraphs(
    facts(
      [
        ['Omkjøring', id],
        ['Tilstand', `${answer.tilstand}. ${answer.setning}`],
        ['Planlagt', `${osloTime(answer.opprettet)} av ${answer.planlagtAv}: ${answer.arsak}`],
        [
          'Prognose',
          `${prognose.sum} i alt: ${prognose.kjoresPaNytt} kjøres på nytt, ${prognose.fortsetter} fortsetter, ${prognose.sporForst} der mottakersystemet spørres først, ${prognose.kanIkke} kan ikke kjøres`,
        ],
        [
          'Resultat',
          `${resultat.frosset} ikke begynt, ${resultat.sluppet} sluppet, ${resultat.ferdig} ferdig, ${resultat.parkertIgjen} parkert igjen, ${resultat.hoppetOver} hoppet over, ${resultat.forkastet} forkastet, ${resultat.avbrutt} avbrutt`,
        ],
        ...(answer.utelatt.length === 0
          ? []
          : [['Ikke med', `rad ${answer.utelatt.join(', ')}: står ikke parkert her`] as const]),
      ],
      width,
    ),
    shown.length === 0
      ? ''
      : table([{ title: 'RAD', align: 'right' }, { title: 'TILSTAND' }, { title: 'PROGNOSE' }], rows, width),
    answer.rader.length > shown.length ? `… og ${answer.rader.length - shown.length} til; bruk --json for alle.` : '',
    answer.tilstand === 'planlagt' && prognose.sum > 0 ? `Start: npm run samband -- replay start ${id}` : '',
  )
}

/** What came of a decision. */
export function renderVerb(answer: VerbAnswer): string {
  return `Rad ${answer.radId}: ${answer.setning}`
}

const CLASS_TITLES: Readonly<Record<(typeof KLASSER)[number], string>> = {
  uregnskapsfort: 'SAVNET',
  parkert: 'PARKERT',
  forkastes: 'FORKASTES',
  venter: 'VENTER',
  endteDarlig: 'ENDTE DÅRLIG',
  forkastet: 'FORKASTET',
  ferdig: 'FERDIG',
}

/** The nothing-lost account. */
export function renderAccount(answer: AccountAnswer, width: number): string {
  const columns = [
    { title: 'KOMMUNE' },
    { title: 'DAG (UTC)' },
    { title: 'MOTTATT', align: 'right' as const },
    ...KLASSER.map((klasse) => ({ title: CLASS_TITLES[klasse], align: 'right' as const })),
  ]
  const rows = answer.linjer.map((line) => [
    line.kommune.navn,
    line.dag,
    line.mottatt,
    ...KLASSER.map((klasse) => line.antall[klasse]),
  ])
  const lists = answer.linjer.flatMap((line) =>
    KLASSER.filter((klasse) => line.ider[klasse].length > 0).map((klasse) =>
      section(`${CLASS_TITLES[klasse]} i ${line.kommune.navn} ${line.dag}:`, `  ${line.ider[klasse].join('\n  ')}`),
    ),
  )
  const verdict = answer.stemmer
    ? 'Regnskapet stemmer: alt som er mottatt, er gjort rede for.'
    : 'REGNSKAPET STEMMER IKKE: det som står som savnet, er mottatt, men finnes ikke igjen. Varsle drift med en gang.'
  return paragraphs(
    rows.length === 0 ? 'Ingenting ble mottatt i dette tidsrommet.' : table(columns, rows, width),
    ...lists,
    verdict,
  )
}

/** Alarms, newest first. */
export function renderAlarms(answer: AlarmsAnswer, width: number): string {
  const blocks = answer.alarmer.map((alarm) =>
    [
      `${osloTime(alarm.tid)}  ${alarm.slag}  ${name(alarm.kommune)}`,
      facts(
        [
          ['Betydning', alarm.betydning],
          ['Neste steg', alarm.nesteSteg],
          ['Melding', alarm.setning],
          ...(alarm.forsendelseId === null
            ? []
            : [['Reise', `npm run samband -- journey ${alarm.forsendelseId}`] as const]),
        ],
        width,
        2,
      ),
    ].join('\n'),
  )
  const more = answer.eldre === null ? '' : `Eldre: legg til --before ${answer.eldre}`
  return paragraphs(...blocks, answer.alarmer.length === 0 ? 'Ingen alarmer.' : '', more)
}

/** The audit, newest first. */
export function renderAudit(answer: AuditAnswer, width: number): string {
  const rows = answer.linjer.map((line) => [
    osloTime(line.tid),
    name(line.kommune),
    line.radId ?? '',
    line.klientId,
    `${line.tekst}. ${line.arsak}`,
  ])
  const columns = [
    { title: 'TID' },
    { title: 'KOMMUNE' },
    { title: 'RAD', align: 'right' as const },
    { title: 'KLIENT' },
    { title: 'HVEM, HVA OG HVORFOR' },
  ]
  const more = answer.eldre === null ? '' : `Eldre: legg til --before ${answer.eldre}`
  return paragraphs(rows.length === 0 ? 'Ingenting er gjort for hånd.' : table(columns, rows, width), more)
}

/** A copy of the store that was written. */
export function renderBackup(answer: BackupAnswer): string {
  const megabytes = (answer.storrelseBytes / 1_000_000).toFixed(1).replace('.', ',')
  return `Kopien ligger i ${answer.sti} (${megabytes} MB).\n${answer.setning}`
}
