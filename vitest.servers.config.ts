import { defineConfig } from 'vitest/config'
import { serverSuite } from './tests/checks/suites.ts'

/** The suites that need a real server: `npm run test:servers`. One file at a time: each starts a server of its own where none is named. */
export default defineConfig({
  test: {
    include: [serverSuite.files],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    passWithNoTests: true,
  },
})
