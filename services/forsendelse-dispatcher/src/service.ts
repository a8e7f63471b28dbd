import { svarUtInnholdOf } from '@samband/outbound'
import type { Service, ServicePorts } from '@samband/process'
import type { Handler } from '@samband/runtime'
import { createSendTilSvarUt, createStatusClient } from '@samband/svarut'
import { createStatusPoller } from './follow-status.ts'
import { createSendHandlers } from './handlers/send-forsendelse.ts'

/** Sends letters through SvarUt, and follows their status. `statusRoundMs`: how often the list of what is due is looked at. */
export function createForsendelseDispatcher(
  { http, payloads, ids, destinations }: ServicePorts,
  { statusRoundMs = 5_000 }: { readonly statusRoundMs?: number | undefined } = {},
): Service {
  const send = createSendTilSvarUt({
    http,
    payloads,
    ids,
    access: destinations.svarutAccess,
    innholdOf: svarUtInnholdOf,
  })
  const statuses = createStatusClient({ http, access: destinations.svarutAccess })
  return {
    handlers: createSendHandlers(send) as readonly Handler[],
    pollers: () => [
      createStatusPoller({
        sokStatus: (to, idsOfLetters, signal) => statuses.sokStatus(to, idsOfLetters, signal),
        statusPollMs: destinations.statusPollMs,
        everyMs: statusRoundMs,
      }),
    ],
  }
}
