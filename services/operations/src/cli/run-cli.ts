import { parseArgs } from 'node:util'
import { ZodError } from 'zod'
import { CallFailed, type CliSettings, callApi, type Transport } from './client.ts'
import { type DistrustWorld, runDistrust } from './distrust.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import { printable } from './layout.ts'
import { type MigrateWorld, runMigrate } from './migrate.ts'
import { type RestoreWorld, runRestore } from './restore.ts'
import { usage, usageOf } from './usage.ts'
import { OPTIONS, type Options, VERBS, type Verb } from './verbs.ts'

/** What a run of the command line stands on. */
export interface CliWorld {
  /** After the name of the program. */
  readonly args: readonly string[]
  readonly settings: CliSettings
  readonly transport: Transport
  /** The file system, for the verb that puts a backup back without a hub. */
  readonly files: Pick<RestoreWorld, 'isFolder' | 'head' | 'restore'>
  /** Looks at the installation of this environment, after the name of the verb. */
  readonly doctor: (args: readonly string[]) => Promise<number>
  /** Both homes of an installation, for the verb that moves it. */
  readonly homes: Omit<MigrateWorld, 'out' | 'err'>
  /** The database of the services, for the verb that stamps it. */
  readonly database: Omit<DistrustWorld, 'out' | 'err'>
  /** Columns of the terminal. */
  readonly width: number
  out(text: string): void
  err(text: string): void
}

/** Runs one command and returns the exit code; never rejects for what the user or the hub did. */
export async function runCli(world: CliWorld): Promise<number> {
  const { args } = world
  if (args.length === 0 || args[0] === 'help' || args[0] === '--help' || args[0] === '-h') {
    const isAsked = args.length > 0
    const write = isAsked ? world.out : world.err
    write(usage())
    return isAsked ? EXIT.ok : EXIT.usage
  }
  if (args[0] === 'restore') return runRestore(args.slice(1), { ...world.files, out: world.out, err: world.err })
  if (args[0] === 'doctor') return world.doctor(args.slice(1))
  if (args[0] === 'migrate') return runMigrate(args.slice(1), { ...world.homes, out: world.out, err: world.err })
  if (args[0] === 'distrust') return runDistrust(args.slice(1), { ...world.database, out: world.out, err: world.err })
  const verb = findVerb(args)
  if (verb === undefined) {
    world.err(`Kommandoen er ukjent.\n\n${usage()}`)
    return EXIT.usage
  }
  try {
    return await runVerb(world, verb)
  } catch (error) {
    return explainFailure(world, verb, error)
  }
}

function findVerb(args: readonly string[]): Verb | undefined {
  return VERBS.find((verb) => verb.name.split(' ').every((word, index) => args[index] === word))
}

async function runVerb(world: CliWorld, verb: Verb): Promise<number> {
  const { positionals, options, json, help } = readArguments(verb, world.args.slice(verb.name.split(' ').length))
  if (help) {
    world.out(usageOf(verb))
    return EXIT.ok
  }
  const [least, most] = verb.count
  if (positionals.length < least || positionals.length > most) throw new UsageError('Feil antall argumenter.')
  const question = verb.ask(positionals, options)
  const body = await callApi(world.transport, world.settings, question.call)
  // Before it is looked at, so that --json also shows what this program does not know.
  if (json) world.out(JSON.stringify(body, null, 2))
  const { text, exitCode } = question.show(body, world.width)
  if (!json) world.out(printable(text))
  return exitCode
}

function readArguments(verb: Verb, args: readonly string[]) {
  const known = Object.fromEntries(verb.options.map((name) => [name, { type: 'string', multiple: true }] as const))
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...known, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
    const { json, help, ...given } = values as Readonly<Record<string, unknown>>
    return { positionals, options: given as Options, json: json === true, help: help === true }
  } catch (error) {
    const names = verb.options.map((name) => `--${name} <${OPTIONS[name].value}>`)
    throw new UsageError(`Valgene ble ikke forstått. Kjente valg: ${[...names, '--json'].join(', ')}.`, {
      cause: error,
    })
  }
}

function explainFailure(world: CliWorld, verb: Verb, error: unknown): number {
  if (error instanceof UsageError) {
    world.err(`${error.message}\n\n${usageOf(verb)}`)
    return EXIT.usage
  }
  if (error instanceof CallFailed) {
    if (world.args.includes('--json') && error.body !== null) world.out(JSON.stringify(error.body, null, 2))
    world.err(printable(error.message))
    return error.exitCode
  }
  if (error instanceof ZodError) {
    world.err(
      'Navet svarte noe denne utgaven av kommandolinjen ikke kjenner. Bruk samme utgave som navet, eller --json.',
    )
    return EXIT.unavailable
  }
  throw error
}
