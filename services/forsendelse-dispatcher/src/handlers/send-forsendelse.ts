import type { Effect } from '@samband/kernel'
import { ForsendelseMottattV1, ForsendelseSendtV1, JournalpostReservertV1 } from '@samband/messages'
import { defineHandler, type Handler, type HandlerContext } from '@samband/runtime'
import type { SendEvidence, SendInput } from '@samband/svarut'
import { STATUS_COLLECTION, type StatusWatch } from '../domain/status-watch.ts'

/** The effect that hands a forsendelse to SvarUt; made by the connector. */
// biome-ignore lint/suspicious/noExplicitAny: what the connector prepares is its own affair.
export type SendTilSvarUt = Effect<SendInput, any, SendEvidence>

/** What the two handlers need to know about a letter. */
type Letter = Pick<
  ForsendelseMottattV1,
  'forsendelseId' | 'eksternReferanse' | 'mottakertype' | 'innhold' | 'dokumenter'
>

/**
 * The handlers that send: what is to be filed goes out when it is filed, the rest at once. They have different names, and a forsendelse
 * meets only one of them, so its effect has one key.
 */
export function createSendHandlers(sendTilSvarUt: SendTilSvarUt): readonly Handler<never>[] {
  const sendStraight = defineHandler({
    name: 'forsendelse.send',
    consumes: ForsendelseMottattV1,
    accepts: (data) => data.arkiv === undefined,
    system: 'svarut',
    effects: [sendTilSvarUt],
    handle: (data, context) => send(sendTilSvarUt, data, undefined, context),
  })
  const sendFiled = defineHandler({
    name: 'forsendelse.send-arkivert',
    consumes: JournalpostReservertV1,
    system: 'svarut',
    effects: [sendTilSvarUt],
    handle: (data, context) => send(sendTilSvarUt, data, data.journalpostSystemId, context),
  })
  return [sendStraight, sendFiled] as unknown as readonly Handler<never>[]
}

async function send(
  sendTilSvarUt: SendTilSvarUt,
  letter: Letter,
  journalpostSystemId: string | undefined,
  context: HandlerContext,
): Promise<void> {
  const { svarUtId, sendtTidspunkt } = await context.effect(sendTilSvarUt, {
    forsendelseId: letter.forsendelseId,
    eksternReferanse: letter.eksternReferanse,
    mottakertype: letter.mottakertype,
    innhold: { ref: letter.innhold.ref },
    avtrykk: letter.innhold.avtrykk,
    dokumenter: letter.dokumenter.map(({ ref, sha256, sizeBytes, mimeType }) => ({ ref, sha256, sizeBytes, mimeType })),
  })
  const { destination } = context
  if (destination === undefined) throw new Error('a handler with effects has a destination')
  const watch: StatusWatch = {
    forsendelseId: letter.forsendelseId,
    eksternReferanse: letter.eksternReferanse,
    svarUtId,
    destination,
    status: null,
    endretTidspunkt: null,
    asked: 0,
  }
  context.documents.put(STATUS_COLLECTION, svarUtId, watch, { dueAt: context.now() })
  context.publish(ForsendelseSendtV1, {
    forsendelseId: letter.forsendelseId,
    eksternReferanse: letter.eksternReferanse,
    svarUtId,
    kontoId: destination.account,
    sendtTidspunkt,
    ...(journalpostSystemId === undefined ? {} : { journalpostSystemId }),
  })
  context.log.info('forsendelse sent', { svarUtId })
}
