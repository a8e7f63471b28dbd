import { expect, test } from 'vitest'
import { createGroupCommit, type GroupConnection, type Job } from './group-commit.ts'

/** A connection that does nothing, well; a test lets parts of it fail. */
function aConnection(part: Partial<GroupConnection> = {}): GroupConnection {
  return {
    tx: {
      all: async () => [],
      one: async () => undefined,
      run: async () => 0,
      lock: async () => {},
      next: async () => 0,
    },
    begin: () => true,
    savepoint: () => {},
    release: () => {},
    rollbackToSavepoint: () => true,
    commit: () => true,
    die: () => {},
    ...part,
  }
}

/** A job, and how it was answered. */
function aJob(): { job: Job; answer: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>()
  const code = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'other')
  return {
    job: {
      place: 'test',
      kind: 'write',
      work: async () => {},
      resolve: () => resolve('done'),
      reject: (error) => resolve(code(error)),
    },
    answer: promise,
  }
}

const failing = (): never => {
  throw new Error('disk I/O error')
}

test.each([
  ['a savepoint cannot be set or taken back', { savepoint: failing, rollbackToSavepoint: failing }, 'other'],
  ['the commit fails, and nobody knows how far it came', { commit: failing }, 'STORE_UBRUKELIG'],
] as const)(
  'when %s, everybody is answered, the store takes nothing more, and that is told once',
  async (_when, part, first) => {
    const told: string[] = []
    const turns = {
      turn: async () => {},
      busy: async () => {},
      broken: (error: Error) => void told.push(error.message),
    }
    const groups = createGroupCommit(aConnection(part), turns)
    const jobs = [aJob(), aJob()]
    for (const { job } of jobs) groups.submit(job)
    const answers = await Promise.all(jobs.map(({ answer }) => answer))
    const late = aJob()
    groups.submit(late.job)

    expect([...answers, await late.answer]).toEqual([first, 'STORE_UBRUKELIG', 'STORE_UBRUKELIG'])
    expect(told).toHaveLength(1)
  },
)
