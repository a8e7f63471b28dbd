export type {
  AvvistDocument,
  EkspedertDocument,
  ForsendelseDocument,
  ReservertDocument,
  SendtDocument,
  StatusChange,
  StatusDocument,
} from './collections.ts'
export { COLLECTIONS } from './collections.ts'
export { completionOf } from './completion.ts'
export { decidingChange, instantOf, isGivenUp, withChange } from './status-changes.ts'
