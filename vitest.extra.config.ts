import { defineConfig } from 'vitest/config'
import { deskSuites } from './tests/checks/suites.ts'

/** The suites that need more than Node: `npm run test:extra`. They share ports, a browser or a tracer, so one at a time. */
export default defineConfig({
  test: {
    include: deskSuites.map(({ files }) => files),
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    passWithNoTests: true,
  },
})
