import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { ForsendelseId, NoarkSystemId, Tidspunkt } from '../ids.ts'

/** The journalpost is closed: journalstatus E (M053) with its sendtDato, after SvarUt took the letter over. */
export const JournalpostEkspedertV1 = defineEvent({
  type: 'no.samband.journalpost.ekspedert.v1',
  topic: 'journalpost',
  subject: 'journalpost',
  key: (data) => data.forsendelseId,
  describe: 'The journalpost of a sent forsendelse is marked as ekspedert in the core.',
  data: z.object({
    forsendelseId: ForsendelseId,
    journalpostSystemId: NoarkSystemId.describe('systemID of the journalpost.'),
    saksmappeSystemId: NoarkSystemId.describe('systemID of the saksmappe.'),
    sendtDato: z.iso.date().describe('sendtDato (M105) as written to the core; a calendar date in Europe/Oslo.'),
    ekspedertTidspunkt: Tidspunkt.describe('When the core had taken the change; UTC.'),
  }),
})
export type JournalpostEkspedertV1 = EventData<typeof JournalpostEkspedertV1>
