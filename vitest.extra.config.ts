import { defineConfig } from 'vitest/config'
import { filesOfScript } from './tests/checks/suites.ts'

/** The suites that need a browser or a tracer: `npm run test:extra`. They share ports, so one at a time. */
export default defineConfig({
  test: {
    include: filesOfScript('test:extra'),
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    passWithNoTests: true,
  },
})
