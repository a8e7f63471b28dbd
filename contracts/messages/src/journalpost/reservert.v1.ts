import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { EksternReferanse, ForsendelseId, KlientId, KontoId, NoarkSystemId, SaksmappeKey, Tidspunkt } from '../ids.ts'
import { Dokument, Innhold, Mottakertype } from '../payload-item.ts'

/** Numbers of the archive, as the core spells them. */
const caseNumber = z.string().regex(/^[\x21-\x7e]{1,100}$/, 'Expected 1 to 100 printable characters without space')

/**
 * The forsendelse is filed: saksmappe, journalpost and documents stand in the core, and the journalpost is still open.
 * Carries on what the dispatcher needs to send, since services never ask each other.
 */
export const JournalpostReservertV1 = defineEvent({
  type: 'no.samband.journalpost.reservert.v1',
  topic: 'journalpost',
  subject: 'journalpost',
  key: (data) => data.forsendelseId,
  describe: 'The forsendelse is filed in the Noark 5 core and may be sent.',
  data: z.object({
    forsendelseId: ForsendelseId,
    eksternReferanse: EksternReferanse,
    saksmappeSystemId: NoarkSystemId.describe('systemID of the saksmappe.'),
    journalpostSystemId: NoarkSystemId.describe('systemID of the journalpost.'),
    registreringsId: caseNumber
      .optional()
      .describe('registreringsID (M004), such as 2026/117-3, where the core gave one.'),
    mappeId: caseNumber.optional().describe('mappeID (M003), such as 2026/117, where the core gave one.'),
    mottakertype: Mottakertype,
    innhold: Innhold,
    dokumenter: z
      .array(
        Dokument.extend({
          dokumentobjektSystemId: NoarkSystemId.describe('systemID of the dokumentobjekt that holds the file.'),
        }),
      )
      .min(1)
      .max(300)
      .describe('Documents as they came in forsendelse.mottatt, in the same order, with where they are filed.'),
    saksmappeKey: SaksmappeKey.optional(),
    kontoId: KontoId.optional().describe("SvarUt konto to send from; the tenant's own default when absent."),
    klientId: KlientId.optional(),
    mottattTidspunkt: Tidspunkt.optional().describe('When the hub accepted the forsendelse; UTC.'),
    reservertTidspunkt: Tidspunkt.describe('When the filing was complete; UTC.'),
  }),
})
export type JournalpostReservertV1 = EventData<typeof JournalpostReservertV1>
