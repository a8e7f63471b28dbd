import { defineConfig } from 'vitest/config'
import { filesOfScript } from './tests/checks/suites.ts'

/**
 * The suites that need a real Kafka, PostgreSQL or S3: `npm run test:servers`. They share the machine with their servers, so
 * one at a time; the first run may have to build a server, which no limit here counts.
 */
export default defineConfig({
  test: {
    include: filesOfScript('test:servers'),
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    passWithNoTests: true,
  },
})
