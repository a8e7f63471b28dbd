/** Test files that `npm test` leaves out, since they need more than Node. */
export interface ExtraSuite {
  /** Glob from the root. */
  readonly files: string
  /** What a machine must have for them, as the end of "because they need …". */
  readonly needs: string
}

/** Every test file of the repository. */
export const testFiles = '{contracts,connectors,services,deploy,tests}/**/*.test.ts'

/** What `npm run test:servers` runs and `npm test` leaves out. */
export const serverSuite: ExtraSuite = {
  files: '{contracts,connectors,services,deploy,tests}/**/*.{kafka,postgres,s3,servers}.test.ts',
  needs: 'a real server (Kafka, PostgreSQL, S3)',
}

/** What `npm run test:extra` runs and `npm test` leaves out. */
export const extraSuites: readonly ExtraSuite[] = [
  { files: '{contracts,connectors,services,deploy,tests}/**/*.browser.test.ts', needs: 'Chromium' },
  { files: '{contracts,connectors,services,deploy,tests}/**/*.strace.test.ts', needs: 'strace on Linux' },
]
