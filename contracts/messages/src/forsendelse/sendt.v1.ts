import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { EksternReferanse, ForsendelseId, KontoId, NoarkSystemId, SaksmappeKey, SvarUtId, Tidspunkt } from '../ids.ts'

/** SvarUt has taken over the forsendelse (200 on Send v3, or found there by look-up) and given it an id. */
export const ForsendelseSendtV1 = defineEvent({
  type: 'no.samband.forsendelse.sendt.v1',
  topic: 'forsendelse',
  subject: 'forsendelse',
  key: (data) => data.forsendelseId,
  describe: 'SvarUt has received and accepted the forsendelse.',
  data: z.object({
    forsendelseId: ForsendelseId,
    eksternReferanse: EksternReferanse,
    svarUtId: SvarUtId,
    kontoId: KontoId,
    sendtTidspunkt: Tidspunkt.describe('When SvarUt took it over; UTC.'),
    journalpostSystemId: NoarkSystemId.optional().describe(
      'systemID of the journalpost, where the forsendelse was filed first.',
    ),
    saksmappeKey: SaksmappeKey.optional().describe(
      'Ordering key of the saksmappe, where the forsendelse was filed first.',
    ),
  }),
})
export type ForsendelseSendtV1 = EventData<typeof ForsendelseSendtV1>
