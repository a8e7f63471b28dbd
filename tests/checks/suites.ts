/** Test files that `npm test` leaves out, since they need more than Node. */
export interface ExtraSuite {
  /** Glob from the root. */
  readonly files: string
  /** What a machine must have for them, as the end of "because they need …". */
  readonly needs: string
  /** The command that runs them. */
  readonly command: string
}

/** Every test file of the repository. */
export const testFiles = '{contracts,connectors,services,deploy,tests}/**/*.test.ts'

const everywhere = '{contracts,connectors,services,deploy,tests}/**'

/** What `npm run test:servers` runs. */
export const serverSuites: ExtraSuite = {
  files: `${everywhere}/*.{kafka,postgres,s3,servers}.test.ts`,
  needs: 'a real server (Kafka, PostgreSQL, S3)',
  command: 'npm run test:servers',
}

/** What `npm run test:extra` runs. */
export const deskSuites: readonly ExtraSuite[] = [
  { files: `${everywhere}/*.browser.test.ts`, needs: 'Chromium', command: 'npm run test:extra' },
  { files: `${everywhere}/*.strace.test.ts`, needs: 'strace on Linux', command: 'npm run test:extra' },
]

/** What `npm test` leaves out. */
export const extraSuites: readonly ExtraSuite[] = [serverSuites, ...deskSuites]
