import type { Logger } from '@samband/kernel'

/** For what runs inside a test and has nothing to say. */
export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog }
