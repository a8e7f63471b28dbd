import { defineConfig } from 'vitest/config'
import { filesOfScript } from './tests/checks/suites.ts'

/** The suites that need a real server: `npm run test:servers`. They kill servers and starve machines, so one at a time. */
export default defineConfig({
  test: {
    include: filesOfScript('test:servers'),
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 600_000,
    passWithNoTests: false,
    // Several processes, real outages and a busy machine: what fails three times in a row is broken.
    retry: 2,
  },
})
