import { defineConfig } from 'vitest/config'
import { serverSuites } from './tests/checks/suites.ts'

/** The suites that need a real server: `npm run test:servers`. They kill servers and starve machines, so one at a time. */
export default defineConfig({
  test: {
    include: [serverSuites.files],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
  },
})
