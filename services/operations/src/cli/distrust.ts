import { parseArgs } from 'node:util'
import { asHubError } from '@samband/kernel'
import type { SchemaStanding } from '@samband/store/postgres'
import { EXIT } from './exit-codes.ts'
import { printable } from './layout.ts'

/** What stamping touches; the program's main file brings the real one. */
export interface DistrustWorld {
  /** What the environment lacks to reach the database, by name of the variable; empty when it is complete. */
  environmentFaults(): Promise<readonly string[]>
  /** Stamps the store of the services, unless others have it open; `undefined` where there is none. `newLog`: readers begin anew, and all events are published again. */
  stamp(newLog: boolean): Promise<SchemaStanding | undefined>
  out(text: string): void
  err(text: string): void
}

/** How the verb is used. */
export const DISTRUST_USAGE = 'distrust [--new-log]'
/** What the verb does, for the usage text. */
export const DISTRUST_ABOUT = 'merk databasen til tjenestene som lagt tilbake; tjenestene må være stoppet'

const HELP = `Bruk: npm run samband -- ${DISTRUST_USAGE}

  ${DISTRUST_ABOUT}

Til en kopi av PostgreSQL som er lagt tilbake. Databasen er den som SAMBAND_POSTGRES_URL og SAMBAND_POSTGRES_SCHEMA peker på.

  --new-log   emnene i Kafka er laget på nytt, eller er på en annen klynge: alt publiseres på nytt, og lesingen begynner ved starten`

/** Marks the restored database of stopped services, so that they ask before they send. Returns the exit code; never rejects. */
export async function runDistrust(args: readonly string[], world: DistrustWorld): Promise<number> {
  const given = read(args)
  if (typeof given !== 'object') {
    ;(given === 'help' ? world.out : world.err)(HELP)
    return given === 'help' ? EXIT.ok : EXIT.usage
  }
  const faults = await world.environmentFaults()
  if (faults.length > 0) {
    world.err(`Miljøvariablene er ikke i orden. Ingenting er endret.\n${faults.map((one) => `  ${one}`).join('\n')}`)
    return EXIT.usage
  }
  try {
    const found = await world.stamp(given.newLog)
    if (found === undefined) {
      world.err('I databasen er det ikke noe lager i det skjemaet. Ingenting er endret. Se på SAMBAND_POSTGRES_SCHEMA.')
      return EXIT.notFound
    }
    if (found.otherSessions > 0) {
      world.err(
        `Tjenester har databasen åpen (${found.otherSessions} forbindelser): de ville ikke spørre. Ingenting er endret. Stopp dem, og prøv igjen.`,
      )
      return EXIT.refused
    }
    world.out(STAMPED)
    return EXIT.ok
  } catch (error) {
    const known = asHubError(error)
    if (known === undefined) throw error
    world.err(printable(`Databasen kan ikke nås. Ingenting er endret. ${known.message} (${known.code})`))
    return EXIT.unavailable
  }
}

const STAMPED = [
  'Databasen er merket som lagt tilbake.',
  '',
  'Dette følger:',
  '  1. Start tjenestene. For hvert steg uten bevis spør de mottakersystemet før de sender.',
  '  2. Be fagsystemene sende brev fra etter kopien på nytt med samme eksternReferanse: det som er gjort, blir funnet igjen.',
  '  3. Se over: npm run samband -- account --day alle, failures og alarms.',
  '  4. Når alt er sammenlignet med SvarUt og arkivet: npm run samband -- trust, og start tjenestene på nytt.',
].join('\n')

function read(args: readonly string[]): { readonly newLog: boolean } | 'help' | undefined {
  try {
    const options = { 'new-log': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ args: [...args], options })
    return values.help === true ? 'help' : { newLog: values['new-log'] === true }
  } catch {
    return undefined
  }
}
