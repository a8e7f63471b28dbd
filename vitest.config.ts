import { defineConfig } from 'vitest/config'
import { LeftOutReporter } from './tests/checks/left-out-reporter.ts'
import { extraSuites, serverSuite, testFiles } from './tests/checks/suites.ts'

export default defineConfig({
  test: {
    include: [testFiles],
    exclude: ['**/node_modules/**', serverSuite.files, ...extraSuites.map(({ files }) => files)],
    // Processes, not threads: a test may chdir, set signals and load node:sqlite without its neighbours noticing.
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A name that matches nothing is a mistake in the command; a suite without files is one in the tree.
    passWithNoTests: false,
    reporters: [new LeftOutReporter(), 'default'],
  },
})
