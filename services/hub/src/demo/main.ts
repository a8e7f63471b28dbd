import { join } from 'node:path'
import { createDispatcher } from '@samband/connector-kit'
import { sleep } from '@samband/kernel'
import { realIds, realTime } from '@samband/process'
import { createPinoLogger } from '@samband/runtime'
import pino from 'pino'
import { createDemoApi } from './api.ts'
import { guideLines } from './guide.ts'
import { DEMO_LETTERS, SILENT_LETTER } from './letters.ts'
import { createScreen, type Screen } from './screen.ts'
import { Story } from './story.ts'
import { seconds } from './table.ts'
import { isAllWell, type Tally } from './tally.ts'
import { type DemoWorld, openDemoWorld } from './world.ts'

/** The demo: `npm run demo`, and `npm run demo -- --exit`, which ends by itself with a line of JSON. */

const LOOK_EVERY_MS = 500
const EXPECTED = {
  letters: DEMO_LETTERS.length,
  toBeFiled: DEMO_LETTERS.filter(({ arkiv }) => arkiv !== undefined).length,
}

const args = process.argv.slice(2)
const [unknown] = args.filter((arg) => arg !== '--exit')
if (unknown !== undefined) {
  process.stderr.write(
    'Bruk: npm run demo            viser demoen og blir stående til Ctrl-C\n      npm run demo -- --exit  viser demoen og avslutter\n',
  )
  process.exit(64)
}
const endsByItself = args.includes('--exit')
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

async function main(): Promise<number> {
  screen.raw(screen.paint.strong('Samband: demo'))
  const world = await openDemoWorld({
    time,
    ids: realIds(),
    logTo: (file) =>
      createPinoLogger(pino({ level: 'info' }, pino.destination({ dest: file, sync: true, mkdir: true }))),
  })
  const dispatcher = createDispatcher()
  try {
    introduce(screen, world)
    const api = createDemoApi(world.hubUrl, world.operator, dispatcher, () => time.stopwatch.read())
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

function introduce(to: Screen, { hubUrl, tenants, folder }: DemoWorld): void {
  to.say(`Navet svarer på ${hubUrl}. SvarUt, Maskinporten og tre arkivkjerner er simulatorer i samme prosess.`)
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
    hubUrl: world.hubUrl,
    klientId: tenant.klientId,
    klientSecret: tenant.klientSecret,
    operatorId: world.operator.klientId,
    operatorSecret: world.operator.secret,
    logFile: join(world.folder, 'hub.log'),
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
  const rows = await world.hub.installation.store.read('demo.ledger', (tx) =>
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
