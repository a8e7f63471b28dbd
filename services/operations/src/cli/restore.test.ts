import { expect, test } from 'vitest'
import { EXIT } from './exit-codes.ts'
import { type RestoreWorld, runRestore } from './restore.ts'

const SQLITE = Buffer.from('SQLite format 3\u0000')

function restoring(args: readonly string[], world: Partial<RestoreWorld> = {}) {
  const out: string[] = []
  const err: string[] = []
  const done: string[] = []
  const code = runRestore(args, {
    isFolder: () => true,
    head: () => SQLITE,
    restore: (from, folder) => {
      done.push(`${from} -> ${folder}`)
      return '/data/samband.db.before-restore-1'
    },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    ...world,
  })
  return { code, out: out.join('\n'), err: err.join('\n'), done }
}

test('a restore tells where the former store lies and what follows', () => {
  const { code, out, done } = restoring(['--from', '/kopier/natt.db', '--data', '/data'])
  expect(code).toBe(EXIT.ok)
  expect(done).toEqual(['/kopier/natt.db -> /data'])
  expect(out).toContain('Lageret i /data er nå kopien /kopier/natt.db.')
  expect(out).toContain('/data/samband.db.before-restore-1')
  expect(out).toContain('spør det mottakersystemet før det sender')
  expect(out).toMatch(/trust\. Stopp så navet og start det på nytt/)
})

test('a folder without a store is said to have had none', () => {
  expect(restoring(['--from', 'a.db', '--data', 'd'], { restore: () => undefined }).out).toContain(
    'ikke noe lager i mappen fra før',
  )
})

test('a file that is missing, empty or something else changes nothing', () => {
  for (const [head, code] of [
    [undefined, EXIT.notFound],
    [Buffer.alloc(0), EXIT.refused],
    [Buffer.from('%PDF-1.7 and more'), EXIT.refused],
  ] as const) {
    const tried = restoring(['--from', 'a.db', '--data', 'd'], { head: () => head })
    expect([tried.code, tried.done]).toEqual([code, []])
  }
})

test('a hub that still runs, and a damaged copy, are named in Norwegian', () => {
  const refusing = (message: string) =>
    restoring(['--from', 'a.db', '--data', 'd'], {
      restore: () => {
        throw new Error(message)
      },
    })
  const running = refusing('the store is in use: stop the hub before a backup is restored')
  expect(running.code).toBe(EXIT.refused)
  expect(running.err).toContain('stopp det først')
  expect(refusing('the store is damaged (page 3)').err).toContain('Kopien er skadet')
})

test('a folder that is not there is not made: it may be misspelt', () => {
  const tried = restoring(['--from', 'a.db', '--data', '/var/lib/sambnad'], { isFolder: () => false })
  expect([tried.code, tried.done]).toEqual([EXIT.notFound, []])
  expect(tried.err).toContain('Mappen /var/lib/sambnad finnes ikke')
})

test('the Norwegian spelling of the option is taken too', () => {
  expect(restoring(['--fra', 'a.db', '--data', 'd']).done).toEqual(['a.db -> d'])
})

test('both options are needed, and help explains them', () => {
  expect(restoring(['--from', 'a.db']).code).toBe(EXIT.usage)
  expect(restoring(['a.db']).code).toBe(EXIT.usage)
  expect(restoring(['--help'])).toMatchObject({ code: EXIT.ok, done: [] })
})
