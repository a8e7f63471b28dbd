export type { Authorise, OperatorAccess, Tenants } from './access.ts'
export { personOf } from './access.ts'
export type { AccountWatchOptions } from './account-watch.ts'
export { createAccountWatch } from './account-watch.ts'
export type {
  AccountAnswer,
  AlarmsAnswer,
  AuditAnswer,
  FailuresAnswer,
  JourneyAnswer,
  ReplayAnswer,
  RowsAnswer,
  VerbAnswer,
} from './answers.ts'
export type { OperationsDeps } from './deps.ts'
export type { ErrorCodeExplanation, ErrorCodes } from './error-codes.ts'
export { explain, RUNTIME_ERROR_CODES } from './error-codes.ts'
export { EVERY_ERROR_CODE } from './every-code.ts'
export type { ProblemDocument } from './problem.ts'
export { registerOperations } from './register-operations.ts'
export { createOperations, operatorOf } from './service.ts'
