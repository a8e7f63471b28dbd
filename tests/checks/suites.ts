/** Test files that `npm test` leaves out, since they need more than Node. */
export interface ExtraSuite {
  /** Glob from the root. */
  readonly files: string
  /** What a machine must have for them, as the end of "because they need …". */
  readonly needs: string
  /** The npm script that runs them. */
  readonly script: 'test:extra' | 'test:servers'
}

const layers = '{contracts,connectors,services,deploy,tests}'

/** Every test file of the repository. */
export const testFiles = `${layers}/**/*.test.ts`

/** What `npm test` leaves out. */
export const extraSuites: readonly ExtraSuite[] = [
  {
    files: `${layers}/**/*.{kafka,postgres,s3,servers}.test.ts`,
    needs: 'a real server (Kafka, PostgreSQL, S3)',
    script: 'test:servers',
  },
  { files: `${layers}/**/*.browser.test.ts`, needs: 'Chromium', script: 'test:extra' },
  {
    files: `${layers}/**/*.linux.test.ts`,
    needs: 'the tools of a Linux server (bash, GNU coreutils, util-linux; systemd and root for some)',
    script: 'test:extra',
  },
  { files: `${layers}/**/*.strace.test.ts`, needs: 'strace on Linux', script: 'test:extra' },
]

/** The globs of what one npm script runs. */
export function filesOfScript(script: ExtraSuite['script']): string[] {
  return extraSuites.filter((suite) => suite.script === script).map(({ files }) => files)
}
