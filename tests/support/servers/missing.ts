import { test } from 'vitest'

/**
 * What a suite does when the server it needs cannot be had: it is skipped by name, with a line nobody overlooks, and fails where
 * SAMBAND_TEST_SERVERS=required says that the servers must be there.
 */
export function withServer<Server>(suite: string, server: Server | undefined, tests: (server: Server) => void): void {
  if (server !== undefined) {
    tests(server)
  } else if (process.env['SAMBAND_TEST_SERVERS'] === 'required') {
    test(`${suite}: the server it needs`, () => {
      throw new Error(`SAMBAND_TEST_SERVERS=required, but the server of "${suite}" cannot be had on this machine.`)
    })
  } else {
    console.warn(`\n*** NOT RUN: ${suite}. The server it needs cannot be had on this machine. ***\n`)
    test.skip(`${suite}: not run, the server it needs cannot be had`, () => {})
  }
}
