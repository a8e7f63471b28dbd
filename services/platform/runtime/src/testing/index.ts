export type {
  ActFault,
  FakeDestination,
  LetterEvidence,
  LetterInput,
  ProbeFault,
  ReceivedLetter,
} from './fake-destination.ts'
export { createFakeDestination, TEST_TIMING, TEST_WAIT_MS, testDestination } from './fake-destination.ts'
export type { LoggedLine } from './kept-log.ts'
export { createKeptLog } from './kept-log.ts'
export { createTestIds } from './test-ids.ts'
export type { VirtualTime } from './virtual-time.ts'
export { createVirtualTime, settle, standStillFor, until } from './virtual-time.ts'
