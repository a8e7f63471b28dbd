export { createStatusPoller } from './follow-status.ts'
export type { FollowStatusOptions } from './follow-status.ts'
export { createSendHandlers } from './handlers/send-forsendelse.ts'
export type { SendTilSvarUt } from './handlers/send-forsendelse.ts'
