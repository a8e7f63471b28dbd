import { parseArgs } from 'node:util'
import { createDispatcher } from '@samband/connector-kit'
import { sleep } from '@samband/kernel'
import { realIds, realTime } from '@samband/process'
import { createPinoLogger } from '@samband/runtime'
import pino from 'pino'
import { createDemoApi } from './api.ts'
import type { StartDemoHub } from './demo-hub.ts'
import { guideLines } from './guide.ts'
import { startInstallation } from './installation.ts'
import { DEMO_LETTERS, SILENT_LETTER } from './letters.ts'
import { startOneProcess } from './one-process.ts'
import { createScreen, type Screen } from './screen.ts'
import { Story } from './story.ts'
import { seconds } from './table.ts'
import { isAllWell, type Tally } from './tally.ts'
import { type DemoWorld, openDemoWorld } from './world.ts'

/** The demo: `npm run demo`, and `npm run demo -- --exit`, which ends by itself with a line of JSON; both also with `--mode kafka`. */

const LOOK_EVERY_MS = 500
const EXPECTED = {
  letters: DEMO_LETTERS.length,
  toBeFiled: DEMO_LETTERS.filter(({ arkiv }) => arkiv !== undefined).length,
}

/** How the hub of the demo runs. */
const MODES: Readonly<Record<string, StartDemoHub>> = { embedded: startOneProcess, kafka: startInstallation }
const USAGE = `Bruk: npm run demo                     viser demoen og blir stående til Ctrl-C
      npm run demo -- --exit           viser demoen og avslutter
      npm run demo -- --mode kafka     det samme på Kafka, PostgreSQL og S3, hver tjeneste for seg
`
const { startHub, endsByItself } = readArguments()
const time = realTime()
const startMs = time.stopwatch.read()
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => stopping.abort(new Error('stopped')))
// A reader that left, such as head: nobody sees the demo any more.
process.stdout.on('error', () => stopping.abort(new Error('stopped')))

const screen = createScreen(process.stdout, process.env['NO_COLOR'] === undefined)
process.stdout.on('resize', () => screen.redraw())
process.exit(await main())

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { exit: { type: 'boolean', default: false }, mode: { type: 'string', default: 'embedded' } },
    })
    const startHub = MODES[values.mode]
    if (startHub !== undefined) return { startHub, endsByItself: values.exit }
  } catch {
    // What is not known here is answered as a mode that is not.
  }
  process.stderr.write(USAGE)
  process.exit(64)
}

async function main(): Promise<number> {
  screen.raw(screen.paint.strong('Samband: demo'))
  const world = await openDemoWorld(
    {
      time,
      ids: realIds(),
      logTo: (file) =>
        createPinoLogger(pino({ level: 'info' }, pino.destination({ dest: file, sync: true, mkdir: true }))),
      env: process.env,
    },
    startHub,
  )
  const dispatcher = createDispatcher()
  try {
    introduce(screen, world)
    const api = createDemoApi(world.hub.url, world.operator, dispatcher, () => time.stopwatch.read())
    const story = new Story({ world, api, screen, time, signal: stopping.signal })
    const failure = await story.tell().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (stopping.signal.aborted) return await end(world, endsByItself ? 130 : 0)
    screen.show(undefined)
    const tally = story.tally()
    const isWell = failure === undefined && isAllWell(tally, EXPECTED)
    verdict(tally, failure, isWell)
    if (!endsByItself) await stay(story, world)
    const code = await end(world, isWell || !endsByItself ? 0 : 1)
    if (endsByItself) process.stdout.write(`${JSON.stringify(tally)}\n`)
    return code
  } finally {
    screen.close()
    await dispatcher.destroy()
    await world.close()
  }
}

function introduce(to: Screen, { hub, tenants, folder }: DemoWorld): void {
  to.say(`Navet svarer på ${hub.url}. ${hub.about} SvarUt, Maskinporten og tre arkivkjerner er simulatorer.`)
  to.say(
    `Kommunene er ${tenants.map(({ navn }) => navn).join(', ')} fra deploy/tenants, med syntetiske nummer. Alt ligger i ${folder}, som fjernes til slutt.`,
  )
}

function verdict(tally: Tally, failure: unknown, isWell: boolean): void {
  screen.raw()
  screen.say(
    `Talt hos mottakerne: ${tally.accepted} brev tatt imot, ${tally.sentAtSvarUt} hos SvarUt, ${tally.filedInCore} av ${EXPECTED.toBeFiled} ferdig arkivert med alle filer; ${tally.lost} borte, ${tally.twice} dobbelt.`,
  )
  if (failure !== undefined) screen.say(failure instanceof Error ? failure.message : String(failure))
  const took = seconds(time.stopwatch.read() - startMs)
  screen.raw(
    isWell ? screen.paint.good(`Alt er i orden. Det tok ${took}.`) : screen.paint.bad(`NOE ER GALT. Det tok ${took}.`),
  )
}

/** Shows how to go on, and letters that come, until somebody stops the demo. */
async function stay(story: Story, world: DemoWorld): Promise<void> {
  const [tenant] = world.tenants.filter(({ kommune }) => kommune === 'vestnes')
  if (tenant === undefined) return
  screen.heading('5  Prøv selv; navet står til du trykker Ctrl-C')
  const facts = {
    hubUrl: world.hub.url,
    klientId: tenant.klientId,
    klientSecret: tenant.klientSecret,
    operatorId: world.operator.klientId,
    operatorSecret: world.operator.secret,
    logFile: world.logFile,
    exampleReferanse: SILENT_LETTER,
  }
  for (const { kind, text } of guideLines(facts)) {
    if (kind === 'text') screen.say(text)
    else screen.raw(screen.paint.strong(text))
  }
  screen.raw()
  while (!stopping.signal.aborted) {
    await welcomeNewLetters(story, world)
    await story.look().catch((error: unknown) => stopping.signal.aborted || screen.say(String(error)))
    await sleep(time.timers, LOOK_EVERY_MS, stopping.signal).catch(() => undefined)
  }
}

/** Letters that somebody else has posted; the ledger is the only place that knows of them all. */
async function welcomeNewLetters(story: Story, world: DemoWorld): Promise<void> {
  const rows = await world.hub.store.read('demo.ledger', (tx) =>
    tx.all<{ accepted_id: string; tenant: string; ekstern_referanse: string }>(
      'SELECT accepted_id, tenant, ekstern_referanse FROM ledger ORDER BY accepted_at',
    ),
  )
  for (const row of rows) {
    const kommune = world.tenants.find(({ orgnr }) => orgnr === row.tenant)?.kommune
    if (kommune === undefined || story.board.get(kommune, row.ekstern_referanse) !== undefined) continue
    story.welcome(kommune, row.ekstern_referanse, row.accepted_id)
  }
}

async function end(world: DemoWorld, code: number): Promise<number> {
  screen.close()
  screen.raw()
  screen.say('Navet og simulatorene stoppes, og mappen fjernes.')
  await world.close()
  return code
}
