import { parseArgs } from 'node:util'
import { asHubError } from '@samband/kernel'
import type { MoveOutcome, MoveStep, PayloadSizes, Survey } from '@samband/move'
import type { AccountClass, AccountLine } from '@samband/runtime'
import { CannotLeave, type LeavingObstacle } from '@samband/store'
import { EXIT } from './exit-codes.ts'
import { printable } from './layout.ts'

/** What a move touches; the program's main file brings the real one. */
export interface MigrateWorld {
  /** What the environment of the services lacks, by name of the variable; empty when it is complete. */
  environmentFaults(): Promise<readonly string[]>
  /** Looks at both sides and changes nothing. */
  plan(dataFolder: string): Promise<{ readonly target: string; readonly found: Survey }>
  move(dataFolder: string, tell: (step: MoveStep) => void): Promise<MoveOutcome>
  out(text: string): void
  err(text: string): void
}

/** How the verb is used. */
export const MIGRATE_USAGE = 'migrate --to kafka --data <mappe> [--plan]'
/** What the verb does, for the usage text. */
export const MIGRATE_ABOUT = 'flytt et stoppet nav til PostgreSQL, Kafka og objektlager'

const HELP = `Bruk: npm run samband -- ${MIGRATE_USAGE}

  ${MIGRATE_ABOUT}

  --to     kafka: dit miljøvariablene til tjenestene peker (SAMBAND_POSTGRES_URL, SAMBAND_KAFKA_BROKERS, SAMBAND_S3_BUCKET, …)
  --data   mappen SAMBAND_DATA til navet, som må være stoppet
  --plan   vis hva som flyttes og hva som er i veien; endrer ingenting`

/** Moves the installation of a stopped hub, on its machine and in the environment of the services. Returns the exit code; never rejects. */
export async function runMigrate(args: readonly string[], world: MigrateWorld): Promise<number> {
  const given = read(args)
  if (given === 'help') {
    world.out(HELP)
    return EXIT.ok
  }
  if (given === undefined) {
    world.err(`Oppgi --to kafka og --data.\n\n${HELP}`)
    return EXIT.usage
  }
  const faults = await world.environmentFaults()
  if (faults.length > 0) {
    world.err(
      `Miljøvariablene til tjenestene er ikke i orden. Ingenting er endret.\n${faults.map((one) => `  ${one}`).join('\n')}`,
    )
    return EXIT.usage
  }
  try {
    return given.plan ? await plan(given.data, world) : await move(given.data, world)
  } catch (error) {
    if (error instanceof CannotLeave) {
      world.err(printable(`${LEAVING[error.obstacle](given.data)} Ingenting er endret.`))
      return error.obstacle === 'no-store' ? EXIT.notFound : EXIT.refused
    }
    const known = asHubError(error)
    const what =
      known === undefined
        ? error instanceof Error
          ? error.message
          : 'ukjent feil'
        : `${known.message} (${known.code})`
    world.err(
      printable(
        `Flyttingen er ikke ferdig. Feilen var: ${what}\nRett den og kjør kommandoen på nytt: den går videre, og ender likt. Tjenestene starter ikke før den er ferdig.`,
      ),
    )
    return known === undefined ? EXIT.refused : EXIT.unavailable
  }
}

const LEAVING: Readonly<Record<LeavingObstacle, (data: string) => string>> = {
  'no-store': (data) => `I ${data} ligger det ikke noe lager. Se på --data: det er mappen SAMBAND_DATA til navet.`,
  'in-use': (data) => `Et nav kjører på ${data}: stopp det først.`,
  damaged: (data) => `Lageret i ${data} er skadet. Legg den nyeste sikkerhetskopien tilbake (restore), og flytt den.`,
  'other-release': (data) =>
    `Lageret i ${data} er av en annen utgave enn denne. Start navet av denne utgaven på det, stopp det, og prøv igjen.`,
  'put-back': (data) =>
    `Lageret i ${data} er lagt tilbake for hånd. Start navet på det én gang, så det vet om det, stopp det, og prøv igjen.`,
}

function read(args: readonly string[]): { readonly data: string; readonly plan: boolean } | 'help' | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        to: { type: 'string' },
        data: { type: 'string' },
        plan: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    return values.to === 'kafka' && values.data ? { data: values.data, plan: values.plan === true } : undefined
  } catch {
    return undefined
  }
}

async function plan(data: string, world: MigrateWorld): Promise<number> {
  const { target, found } = await world.plan(data)
  world.out(printable(describe(found, target)))
  if (found.obstacles.length === 0) {
    world.out(found.isDone ? 'Flyttingen er ferdig fra før.' : 'Ingenting er i veien. Ingenting er endret.')
    return EXIT.ok
  }
  world.err(printable(inTheWay(found.obstacles)))
  return EXIT.refused
}

async function move(data: string, world: MigrateWorld): Promise<number> {
  const outcome = await world.move(data, (step) => {
    const line = lineOf(step)
    if (line !== undefined) world.out(printable(line))
  })
  switch (outcome.kind) {
    case 'moved':
      world.out(printable(finished(data, outcome.target)))
      return EXIT.ok
    case 'already moved':
      world.out(printable(`Installasjonen er alt flyttet til ${outcome.target}. Ingenting er endret.`))
      return EXIT.ok
    case 'refused':
      world.err(printable(inTheWay(outcome.obstacles)))
      return EXIT.refused
  }
}

function inTheWay(obstacles: readonly string[]): string {
  return ['Dette er i veien:', ...obstacles.map((one) => `  - ${one}`)].join('\n')
}

function describe({ storeBytes, rows, payloads, unread, account }: Survey, target: string): string {
  return [
    `Fra mappen til ${target}`,
    `Lager: ${storeBytes} byte`,
    ...Object.entries(rows).map(([table, count]) => `  ${table}: ${count} rader`),
    ...Object.entries(payloads).map(([tenant, sizes]) => `Innhold for ${tenant}: ${sizesText(sizes)}`),
    `Hendelser som ikke er lest inn, og publiseres på nytt: ${unread.eventIds.length}`,
    accountText('Regnskap', account),
  ].join('\n')
}

const sizesText = ({ count, sizeBytes }: PayloadSizes) => `${count} stk, ${sizeBytes} byte`

function lineOf(step: MoveStep): string | undefined {
  switch (step.step) {
    case 'surveyed':
      return accountText('Regnskap før', step.found.account)
    case 'claimed':
      return `Flytter til ${step.target}; tjenester starter ikke der før det er ferdig`
    case 'table':
      return `  ${step.table}: ${step.facts.rows} rader, SHA-256 ${step.facts.sha256}`
    case 'compared':
      return 'Tabellene er lest tilbake: like mange rader, samme SHA-256'
    case 'payloads':
      return `Innhold for ${step.tenant}: ${sizesText(step)}, SHA-256 kontrollert`
    case 'handed-over':
      return undefined
    case 'accounted':
      return accountText('Regnskap etter', step.account)
    case 'left':
      return 'Mappen er merket som flyttet: ingen nav starter på den'
    case 'finished':
      return `Ferdig: ${step.target}`
  }
}

const CLASS_NAMES: Readonly<Record<AccountClass, string>> = {
  unaccounted: 'ikke gjort rede for',
  parked: 'parkert',
  discarding: 'forkastes',
  waiting: 'venter',
  endedBadly: 'endte dårlig',
  discarded: 'forkastet',
  done: 'ferdig',
}

function accountText(title: string, lines: readonly AccountLine[]): string {
  const one = ({ tenant, day, accepted, classes }: AccountLine) => {
    const counts = Object.entries(CLASS_NAMES).map(([name, words]) => ({
      words,
      count: classes[name as AccountClass].length,
    }))
    const parts = counts.filter(({ count }) => count > 0).map(({ words, count }) => `${words} ${count}`)
    return `  ${tenant} ${day}: mottatt ${accepted} = ${parts.join(' + ')}`
  }
  return [`${title}:`, ...(lines.length === 0 ? ['  ingen brev'] : lines.map(one))].join('\n')
}

function finished(data: string, target: string): string {
  return [
    '',
    `Installasjonen er flyttet til ${target}.`,
    'Dette følger:',
    '  1. Start tjenestene, med det samme miljøet som denne kommandoen hadde.',
    '  2. La klientene peke på forsendelse-intake. Brev de er i tvil om, sender de på nytt med samme eksternReferanse.',
    `  3. Se over: npm run samband -- account --day alle. Behold ${data} til alt er sett over; start aldri et nav på en kopi av den.`,
  ].join('\n')
}
