import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { Random } from '../../histories/random.ts'
import { Fleet } from '../../resilience/crash/fleet/fleet.ts'
import { judge } from '../../resilience/crash/judge.ts'
import { type Letter, LetterMaker } from '../../resilience/crash/letters.ts'
import { settle } from '../../resilience/crash/settle.ts'
import { TEST_ORGNR } from '../../support/tenant-files.ts'
import { handIn, type Surroundings, surroundingsOrSkip, until } from './surroundings.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGE = join(ROOT, 'deploy/backup/README.md')
/** Servers, and four services three times, on a busy machine. */
const LIMIT_MS = 600_000
const MOST_UNDER_WAY = 6
const BEFORE_THE_COPY = 8
const AFTER_THE_COPY = 8

type Env = Readonly<Record<string, string>>

/** The commands that stand on the page below a heading; those that are marked `new-log` stand for the line they take the place of. */
function commandsOf(heading: string, { newLog = false } = {}): string {
  const section =
    readFileSync(PAGE, 'utf8')
      .split(/^## /m)
      .find((one) => one.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/^```sh( new-log)?\n([\s\S]*?)^```$/gm)]
  const usual = blocks
    .filter(([, mark]) => mark === undefined)
    .map(([, , text]) => text ?? '')
    .join('')
  if (usual === '') throw new Error(`deploy/backup/README.md has no commands below ${heading}`)
  if (!newLog) return usual
  const instead = blocks.find(([, mark]) => mark !== undefined)?.[2] ?? ''
  return usual.replace(/^.*samband -- distrust\n/m, instead)
}

function shell(commands: string, env: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece) => {
        text += piece
      })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${commands}\nended with ${code}: ${text}`)),
    )
  })
}

/** A database in the same cluster, and a bucket, neither with anything in it. */
async function emptyPlace({ env }: Surroundings, name: string): Promise<Env> {
  const { SAMBAND_POSTGRES_URL: url = '' } = env
  await shell(`psql -qX "${url}" -c 'CREATE DATABASE ${name}'`, {})
  const client = new S3Client({
    endpoint: env['SAMBAND_S3_ENDPOINT'] ?? '',
    region: 'no',
    forcePathStyle: true,
    credentials: { accessKeyId: env['SAMBAND_S3_KEY'] ?? '', secretAccessKey: env['SAMBAND_S3_SECRET'] ?? '' },
  })
  await client.send(new CreateBucketCommand({ Bucket: name }))
  client.destroy()
  const there = new URL(url)
  there.pathname = `/${name}`
  return { SAMBAND_POSTGRES_URL: there.href, SAMBAND_S3_BUCKET: name }
}

/** Hands letters in one after the other until `count` are accepted, with some of them under way at any moment. */
async function sendUntil(world: Surroundings, fleet: Fleet, maker: LetterMaker, accepted: Letter[], count: number) {
  while (accepted.length < count) {
    const letter = maker.next()
    await handIn(await fleet.now(), letter)
    accepted.push(letter)
    await until(
      'fewer letters under way',
      () => marksAtSvarUt(world),
      (there) => accepted.length - there.size < MOST_UNDER_WAY,
    )
  }
}

async function marksAtSvarUt({ simulators }: Surroundings): Promise<ReadonlySet<string>> {
  return new Set((await simulators.letters()).flatMap(({ marks }) => marks))
}

async function makeTopicsAnew(world: Surroundings): Promise<void> {
  const { Kafka, logLevel } = kafkajs
  const admin = new Kafka({ brokers: [world.env['SAMBAND_KAFKA_BROKERS'] ?? ''], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((name) => !name.startsWith('__'))
  await admin.deleteTopics({ topics })
  await until(
    'topics that are gone',
    () => admin.listTopics(),
    (left) => left.every((name) => name.startsWith('__')),
  )
  await admin.disconnect()
  await world.makeTopics()
}

/** Every sender hands in again what it has sent; then everything has to be where it belongs, once. Returns how many were new to the store. */
async function repeatAndJudge(world: Surroundings, fleet: Fleet, accepted: readonly Letter[]): Promise<number> {
  let forgotten = 0
  for (const letter of accepted) {
    const { status, id } = await handIn(await fleet.now(), letter)
    expect(id).toBe(letter.forsendelseId)
    if (status === 202) forgotten += 1
  }
  expect(await settle(world.operator, await fleet.operations(), accepted.length)).toEqual([])
  const { simulators } = world
  expect(judge(accepted, await simulators.letters(), await simulators.archive())).toEqual({ lost: [], twice: [] })
  expect(fleet.defects()).toEqual([])
  return forgotten
}

test('a copy taken under load is restored elsewhere: what was sent after it is found again and not sent twice, with the old log and with a new one', {
  timeout: LIMIT_MS,
}, async ({ skip }) => {
  const world = await surroundingsOrSkip('restore', skip)
  const started = new Set<Fleet>()
  const start = async (env: Env, name: string) => {
    const folder = join(world.folder, name)
    mkdirSync(folder)
    const fleet = new Fleet(folder, env, new Random(name), 1)
    started.add(fleet)
    await fleet.start()
    return fleet
  }
  const kill = async (fleet: Fleet) => {
    started.delete(fleet)
    await fleet.close()
  }
  try {
    await world.makeTopics()
    const backup = { BACKUP: join(world.folder, 'kopi') }
    const accepted: Letter[] = []
    const maker = new LetterMaker(new Random('restore'), TEST_ORGNR)
    const first = await start(world.env, 'first')
    await sendUntil(world, first, maker, accepted, BEFORE_THE_COPY)
    const sending = sendUntil(world, first, maker, accepted, BEFORE_THE_COPY + AFTER_THE_COPY)
    await shell(commandsOf('Back up'), { ...world.env, ...backup })
    await sending
    // Some letters that the copy does not know have gone out; whatever is under way dies with the services.
    const last = accepted.at(-2)
    await until(
      'letters after the copy',
      () => marksAtSvarUt(world),
      (there) => there.has(last?.mark ?? ''),
    )
    await kill(first)
    const night = { BACKUP: join(world.folder, 'natt') }
    cpSync(backup.BACKUP, night.BACKUP, { recursive: true })

    // The database is lost. The log is newer than the copy, and the objects are topped up from the old bucket.
    await shell('node services/platform/payloads/src/s3/copy/main.ts pull "$BACKUP/objects"', {
      ...world.env,
      ...backup,
    })
    const second = { ...world.env, ...(await emptyPlace(world, 'restored')) }
    await shell(commandsOf('Restore'), { ...second, ...backup })
    const again = await start(second, 'second')
    expect(await repeatAndJudge(world, again, accepted)).toBeGreaterThan(0)
    const running = await world.samband(['distrust'], second)
    expect(running).toMatchObject({ code: 1, text: expect.stringContaining('Stopp dem') })
    await kill(again)

    // Everything is lost but the copy of the night: new topics, and objects as old as the copy.
    await makeTopicsAnew(world)
    const third = { ...world.env, ...(await emptyPlace(world, 'nybygd')) }
    await shell(commandsOf('Restore', { newLog: true }), { ...third, ...night })
    expect(await repeatAndJudge(world, await start(third, 'third'), accepted)).toBeGreaterThan(0)
  } finally {
    for (const fleet of started) await kill(fleet)
    await world.close()
  }
})
