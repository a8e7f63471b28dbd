import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { EksternReferanse, ForsendelseId, KlientId, KontoId, SaksmappeKey, Tidspunkt } from '../ids.ts'
import { Dokument, Innhold, Mottakertype } from '../payload-item.ts'

/**
 * A forsendelse has been accepted: payloads and ledger are durable, the hub answers for it from here on.
 * The first event of every chain; its id is made from tenant and eksternReferanse.
 */
export const ForsendelseMottattV1 = defineEvent({
  type: 'no.samband.forsendelse.mottatt.v1',
  topic: 'forsendelse',
  subject: 'forsendelse',
  key: (data) => data.forsendelseId,
  describe: 'A forsendelse has been accepted; the hub answers for it from here on.',
  data: z.object({
    forsendelseId: ForsendelseId,
    eksternReferanse: EksternReferanse,
    mottakertype: Mottakertype,
    innhold: Innhold,
    dokumenter: z
      .array(Dokument)
      .min(1)
      .max(300)
      .describe('Documents in the order they are to be read and printed, 1 to 300.'),
    arkiv: z
      .object({ saksmappeKey: SaksmappeKey })
      .optional()
      .describe('There when the forsendelse is to be filed before it is sent; absent when it goes straight to SvarUt.'),
    kontoId: KontoId.optional().describe("SvarUt konto to send from; the tenant's own default when absent."),
    klientId: KlientId,
    mottattTidspunkt: Tidspunkt.describe(
      'When the hub accepted it; UTC. The legal date of the forsendelse, never changed by a replay.',
    ),
  }),
})
export type ForsendelseMottattV1 = EventData<typeof ForsendelseMottattV1>
