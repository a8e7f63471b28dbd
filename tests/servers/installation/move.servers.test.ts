import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createEmbeddedBus } from '@samband/bus'
import { openEmbeddedHub } from '@samband/hub'
import { type MoveStep, move } from '@samband/move'
import { readServiceConfig, realIds, realTime } from '@samband/process'
import { expect, test } from 'vitest'
import { Random } from '../../histories/random.ts'
import { Fleet } from '../../resilience/crash/fleet/fleet.ts'
import { judge } from '../../resilience/crash/judge.ts'
import { silentLog } from './silent-log.ts'
import {
  accountOf,
  aLetterMarked,
  command,
  handIn,
  hubThatEnds,
  type Surroundings,
  startHub,
  surroundingsOrSkip,
  until,
} from './surroundings.ts'

/** Servers, a hub, a dozen moves and four services on a busy machine. */
const LIMIT_MS = 600_000
const ALWAYS = 1_000_000

/** One of each fate a letter may have when its hub is stopped. */
const letters = () => ({
  done: aLetterMarked('ferdig'),
  filed: aLetterMarked('arkivert', { filed: true }),
  waiting: aLetterMarked('venter', { filed: true }),
  parked: aLetterMarked('parkert'),
  discarded: aLetterMarked('forkastet'),
  asked: aLetterMarked('ubesvart'),
  inLog: aLetterMarked('i-loggen'),
  inOutbox: aLetterMarked('i-utboksen'),
})
type Letters = ReturnType<typeof letters>

/** A hub that has been killed in the middle of its work: something done, something waiting, a question open, a tail of the log nobody has read. */
async function liveAndDie(world: Surroundings, data: string): Promise<Letters> {
  const all = letters()
  const { program, url } = await startHub(world, data)
  for (const letter of [all.done, all.filed]) await handIn(url, letter)
  await until(
    'the first letters',
    () => accountOf(world, url),
    ({ ferdig }) => ferdig === 2,
  )
  await world.simulators.order('noark5', { operation: '*', fault: 'down' })
  for (const letter of [all.parked, all.discarded])
    await world.simulators.order('svarut', { operation: 'send', fault: 'refuse', mark: letter.mark, times: ALWAYS })
  for (const letter of [all.waiting, all.parked, all.discarded]) await handIn(url, letter)
  await until(
    'parked letters',
    () => accountOf(world, url),
    ({ parkert }) => parkert === 2,
  )
  const rowId = await parkedRow(world, url, all.discarded.forsendelseId ?? '')
  await world.operator.post(url, `/api/v1/drift/rader/${rowId}/forkast`, { arsak: 'sendt på papir av arkivet' }, soon())

  expect((await world.samband(['migrate', '--to', 'kafka', '--data', data])).text).toContain('stopp det først')

  await world.simulators.order('svarut', { operation: 'send', fault: 'accept-then-hang', mark: all.asked.mark })
  await handIn(url, all.asked)
  await until(
    'the letter without an answer',
    () => world.simulators.letters(),
    (there) => there.length === 3,
  )
  program.signal('SIGKILL')
  await program.ended
  await leaveATail(world, data, all)
  return all
}

const soon = () => AbortSignal.timeout(20_000)

async function parkedRow(world: Surroundings, url: string, forsendelseId: string): Promise<number> {
  const journey = await world.operator.get<{ na: { radId: number; tilstand: string }[] }>(
    url,
    `/api/v1/drift/reise/${forsendelseId}`,
    soon(),
  )
  const row = journey.na.find(({ tilstand }) => tilstand === 'parkert')
  if (row === undefined) throw new Error(`no parked row: ${JSON.stringify(journey)}`)
  return row.radId
}

/** Takes two letters in with a hub that neither publishes nor reads, and puts the event of one of them into the log. */
async function leaveATail(world: Surroundings, data: string, { inLog, inOutbox }: Letters): Promise<void> {
  const { hub, installation, stop } = await openEmbeddedHub({
    dataFolder: data,
    tenantsFolder: world.env['SAMBAND_TENANTS'] ?? '',
    tokenKey: Buffer.alloc(32, 3),
    rereadMs: 60_000,
    env: world.env,
    time: realTime(),
    ids: realIds(),
    log: silentLog,
  })
  const url = await hub.app.listen({ host: '127.0.0.1', port: 0 })
  await handIn(url, inLog)
  const { store } = installation
  const pending = await store.read('test.pending', (tx) =>
    tx.all<{ place: number; topic: string; record_key: string; headers: string; value: Uint8Array }>(
      "SELECT place, topic, record_key, headers, value FROM outbox WHERE state = 'pending' ORDER BY place",
    ),
  )
  await createEmbeddedBus({ store, time: realTime(), ids: realIds() }).append(
    pending.map(({ topic, record_key, headers, value }) => ({
      topic,
      key: record_key,
      headers: JSON.parse(headers),
      value,
    })),
  )
  await store.transaction('test.published', (tx) => tx.run("UPDATE outbox SET state = 'published', published_at = 1"))
  await handIn(url, inOutbox)
  await stop(1_000)
}

/** The move, in this process, that ends like a killed one right after it has told of a step. */
async function dieAt(world: Surroundings, data: string, last: MoveStep['step']): Promise<void> {
  const read = readServiceConfig(world.env)
  if ('faults' in read) throw new Error(read.faults.join())
  const settings = { dataFolder: data, config: read.config, env: world.env, time: realTime(), ids: realIds() }
  const killed = new Error(`killed after ${last}`)
  const dying = move(settings, ({ step }) => {
    if (step === last) throw killed
  })
  await expect(dying).rejects.toBe(killed)
}

test('a hub that was killed under letters is moved, and its services end what it had begun: nothing is lost, nothing done twice', {
  timeout: LIMIT_MS,
}, async ({ skip }) => {
  const world = await surroundingsOrSkip('move', skip)
  let fleet: Fleet | undefined
  try {
    const data = join(world.folder, 'data')
    const all = await liveAndDie(world, data)
    const migrate = ['migrate', '--to', 'kafka', '--data', data]

    // Before the topics are made, and after: the plan names what is in the way, and makes nothing.
    const early = await world.samband([...migrate, '--plan'])
    expect(early).toMatchObject({ code: 1, text: expect.stringContaining('Emnet forsendelse finnes ikke') })
    await world.makeTopics()
    const plan = await world.samband([...migrate, '--plan'])
    expect(plan).toMatchObject({ code: 0, text: expect.stringContaining('Ingenting er i veien') })
    expect(plan.text).toContain('mottatt 8 = parkert 1 + venter 4 + forkastet 1 + ferdig 2')

    // Killed after each of its steps, and once in the middle by -9; in between nothing may start on the half of it.
    for (const step of ['surveyed', 'claimed', 'table', 'compared'] as const) await dieAt(world, data, step)
    const killed = await command(
      [join(import.meta.dirname, '../../../services/operations/src/cli/main.ts'), ...migrate],
      world.env,
      (text, kill) => text.includes('  inbox:') && kill(),
    )
    expect(killed.code).toBe(null)
    const service = await command([join(import.meta.dirname, '../../../services/operations/src/main.ts')], world.env)
    expect(service).toMatchObject({ code: 1, text: expect.stringContaining('the move is not finished') })
    expect(existsSync(join(data, 'samband.moved'))).toBe(false)
    for (const step of ['payloads', 'handed-over', 'accounted', 'left', 'finished'] as const)
      await dieAt(world, data, step)

    const again = await world.samband(migrate)
    expect(again).toMatchObject({ code: 0, text: expect.stringContaining('alt flyttet') })
    const old = await hubThatEnds(world, data)
    expect(old).toMatchObject({ code: 1, text: expect.stringContaining('was moved to PostgreSQL 127.0.0.1') })

    // Everybody over there is well again.
    await world.simulators.clearFaults()
    fleet = new Fleet(world.folder, world.env, new Random('move'), 1)
    await fleet.start()
    const url = await fleet.operations()
    const replay = await world.operator.post<{ omkjoringId: string }>(
      url,
      '/api/v1/drift/omkjoringer',
      { utvalg: { forsendelseId: all.parked.forsendelseId }, arsak: 'SvarUt tar imot nå' },
      soon(),
    )
    await world.operator.post(url, `/api/v1/drift/omkjoringer/${replay.omkjoringId}/start`, {}, soon())
    await until(
      'the end of every letter',
      () => accountOf(world, url),
      ({ ferdig }) => ferdig === 7,
    )
    expect(await accountOf(world, url)).toEqual({ ferdig: 7, forkastet: 1 })

    const { discarded, ...others } = all
    const there = await world.simulators.letters()
    expect(judge(Object.values(others), there, await world.simulators.archive())).toEqual({ lost: [], twice: [] })
    expect(there.filter(({ marks }) => marks.includes(discarded.mark))).toEqual([])
    for (const letter of Object.values(all))
      expect(await handIn(await fleet.now(), letter)).toEqual({ status: 200, id: letter.forsendelseId })
    expect(fleet.defects()).toEqual([])

    // Another installation finds the place taken.
    const elsewhere = join(world.folder, 'annen')
    const other = await startHub(world, elsewhere)
    await other.program.stop(5_000)
    const refused = await world.samband(['migrate', '--to', 'kafka', '--data', elsewhere])
    expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('er ikke tomt') })
    const unharmed = await startHub(world, elsewhere)
    await unharmed.program.stop(5_000)
  } finally {
    await fleet?.close()
    await world.close()
  }
})
