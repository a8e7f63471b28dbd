export type { FollowStatusOptions } from './follow-status.ts'
export { createStatusPoller } from './follow-status.ts'
export type { SendTilSvarUt } from './handlers/send-forsendelse.ts'
export { createSendHandlers } from './handlers/send-forsendelse.ts'
