import { expect, test, vi } from 'vitest'
import type { Vitest } from 'vitest/node'
import { LeftOutReporter } from './left-out-reporter.ts'
import { temporaryTree } from './temporary-tree.ts'

/** What the reporter prints at the end of a run in a tree with these files. */
function printedFor(paths: readonly string[]): string {
  const root = temporaryTree(Object.fromEntries(paths.map((path) => [path, ''])))
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const reporter = new LeftOutReporter()
  reporter.onInit({ config: { root } } as unknown as Vitest)
  reporter.onTestRunEnd()
  const printed = log.mock.calls.flat().join('\n')
  log.mockRestore()
  return printed
}

test('names every file that npm test leaves out, and what it needs', () => {
  const printed = printedFor([
    'services/platform/bus/src/kafka/bus.kafka.test.ts',
    'services/platform/store/src/sqlite/fsync.strace.test.ts',
    'services/platform/store/src/sqlite/store.test.ts',
    'services/hub/node_modules/other/x.s3.test.ts',
  ])
  expect(printed).toContain('a real server (Kafka, PostgreSQL, S3)')
  expect(printed).toContain('  services/platform/bus/src/kafka/bus.kafka.test.ts')
  expect(printed).toContain('  services/platform/store/src/sqlite/fsync.strace.test.ts')
  expect(printed).toContain('`npm run test:servers` runs them')
  expect(printed).not.toContain('Chromium')
  expect(printed).not.toContain('store.test.ts')
  expect(printed).not.toContain('node_modules')
})

test('says nothing when nothing is left out', () => {
  expect(printedFor(['services/hub/src/start.test.ts'])).toBe('')
})
