import { parseArgs } from 'node:util'
import { EXIT } from './exit-codes.ts'
import { printable } from './layout.ts'

/** What restoring touches; the program's main file brings the real ones. */
export interface RestoreWorld {
  /** Whether there is a folder of this path. */
  isFolder(path: string): boolean
  /** The first bytes of a file; `undefined` when it cannot be read. */
  head(path: string, bytes: number): Uint8Array | undefined
  /**
   * Puts the copy in the place of the store in `folder` and returns where the former store lies now, if there was one.
   * Throws without having changed anything when a hub runs on it or the copy is damaged.
   */
  restore(from: string, folder: string): string | undefined
  out(text: string): void
  err(text: string): void
}

/** How the verb is used. */
export const RESTORE_USAGE = 'restore --from <fil> --data <mappe>'
/** What the verb does, for the usage text. */
export const RESTORE_ABOUT = 'legg en sikkerhetskopi tilbake; navet må være stoppet'

/** Every SQLite file begins so; an empty one is a database too, and would be taken for a store without letters. */
const SQLITE_HEAD = 'SQLite format 3\u0000'

/** Puts a backup back, on the machine of a stopped hub. Returns the exit code; never throws. */
export function runRestore(args: readonly string[], world: RestoreWorld): number {
  const given = read(args)
  if (given === 'help') {
    world.out(
      `Bruk: npm run samband -- ${RESTORE_USAGE}\n\n  ${RESTORE_ABOUT}\n\n  --from   kopien, skrevet av kommandoen backup (også --fra)\n  --data   mappen SAMBAND_DATA for navet; den må finnes`,
    )
    return EXIT.ok
  }
  if (given === undefined) {
    world.err(`Oppgi både --from og --data.\n\nBruk: npm run samband -- ${RESTORE_USAGE}`)
    return EXIT.usage
  }
  const { from, data } = given
  // A folder of another spelling would be a store that no hub ever opens, and a message that all is well.
  if (!world.isFolder(data)) {
    world.err(
      printable(
        `Mappen ${data} finnes ikke. Ingenting er endret. Se på --data; på en ny maskin lages mappen først, for navets bruker.`,
      ),
    )
    return EXIT.notFound
  }
  const head = world.head(from, SQLITE_HEAD.length)
  if (head === undefined) {
    world.err(printable(`Filen ${from} finnes ikke eller kan ikke leses. Ingenting er endret.`))
    return EXIT.notFound
  }
  if (Buffer.from(head).toString('latin1') !== SQLITE_HEAD) {
    world.err(printable(`Filen ${from} er ikke en kopi av lageret. Ingenting er endret.`))
    return EXIT.refused
  }
  try {
    world.out(printable(report(from, data, world.restore(from, data))))
    return EXIT.ok
  } catch (error) {
    world.err(printable(`Kopien er ikke lagt tilbake, og lageret er som før. ${reasonOf(error)}`))
    return EXIT.refused
  }
}

function read(args: readonly string[]): { readonly from: string; readonly data: string } | 'help' | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        fra: { type: 'string' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    const from = values.from ?? values.fra
    return from && values.data ? { from, data: values.data } : undefined
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'ukjent feil'
  if (message.includes('in use')) return 'Et nav kjører på denne mappen: stopp det først.'
  if (message.includes('damaged')) return 'Kopien er skadet: bruk en annen.'
  return `Feilen var: ${message}`
}

function report(from: string, data: string, former: string | undefined): string {
  return [
    `Lageret i ${data} er nå kopien ${from}.`,
    former === undefined
      ? 'Det lå ikke noe lager i mappen fra før.'
      : `Lageret som lå der før, er tatt vare på: ${former}`,
    '',
    'Dette følger:',
    '  1. Mappen payloads i datamappen er ikke rørt. Mangler den, legg den tilbake før navet startes.',
    '  2. Start navet som vanlig. Det vet at kopien er eldre enn det som har skjedd ute: for hvert steg uten bevis',
    '     spør det mottakersystemet før det sender, så ingenting går ut to ganger. Det kan ta litt lengre tid.',
    '  3. Brev mottatt etter at kopien ble tatt, kjenner ikke navet lenger. Be fagsystemene sende dem på nytt med samme',
    '     eksternReferanse: det som alt er sendt eller arkivert, blir funnet igjen og ikke gjort en gang til.',
    '  4. Se over: npm run samband -- account --day alle, failures og alarms.',
    '  5. Når alt er sammenlignet med SvarUt og arkivet: npm run samband -- trust. Stopp så navet og start det på nytt;',
    '     først da slutter det å spørre før det sender.',
  ].join('\n')
}
