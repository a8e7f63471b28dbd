import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { EksternReferanse, ForsendelseId, SvarUtId, Tidspunkt } from '../ids.ts'

/** SvarUt reports a new status for a forsendelse this hub has sent. `forsendelseStatus` tells what the code means. */
export const ForsendelseStatusEndretV1 = defineEvent({
  type: 'no.samband.forsendelse.status-endret.v1',
  topic: 'forsendelse',
  subject: 'forsendelse',
  key: (data) => data.forsendelseId,
  describe: 'SvarUt reports a new status for a forsendelse that the hub has sent.',
  data: z.object({
    forsendelseId: ForsendelseId,
    eksternReferanse: EksternReferanse,
    svarUtId: SvarUtId,
    status: z
      .string()
      .regex(/^[A-Z0-9_]{1,60}$/, 'Expected a status code in upper case, at most 60 characters')
      .describe("SvarUt's own status code. An open list: a code that is not known yet is carried through as it is."),
    endretTidspunkt: Tidspunkt.describe('When SvarUt changed the status (sisteStatusEndring); UTC.'),
  }),
})
export type ForsendelseStatusEndretV1 = EventData<typeof ForsendelseStatusEndretV1>
