import { describe, test } from 'vitest'

/**
 * What a suite becomes when a server it needs cannot be had: it is skipped by name, with a line nobody overlooks, and fails where
 * SAMBAND_TEST_SERVERS=required says that the servers must be there.
 * @param why what is missing, or why each way to a server came to nothing
 */
export function notRun(suite: string, why: string): void {
  if (process.env['SAMBAND_TEST_SERVERS'] === 'required')
    throw new Error(`SAMBAND_TEST_SERVERS=required, but the server of "${suite}" cannot be had on this machine: ${why}`)
  console.warn(`\n*** NOT RUN: ${suite}. The server it needs cannot be had on this machine: ${why} ***\n`)
  describe(suite, () => test.skip('not run, the server it needs cannot be had', () => {}))
}

/** Defines tests that need a server where there is one, else as `notRun` says. */
export function withServer<Server>(suite: string, server: Server | undefined, tests: (server: Server) => void): void {
  if (server !== undefined) tests(server)
  else notRun(suite, 'the lines above say why')
}
