import { HubError, isoInstant } from '@samband/kernel'
import { ForsendelseSendtV1, JournalpostEkspedertV1 } from '@samband/messages'
import type { Noark5Effects } from '@samband/noark5'
import { defineHandler } from '@samband/runtime'
import { FILED_COLLECTION, type Filed, osloDate } from '../domain/filed.ts'

/** Closes the journalpost when SvarUt has the letter: status Ekspedert, sendtDato as SvarUt's answer gave it, never the time of closing. */
export function createEkspederHandler(effects: Noark5Effects) {
  return defineHandler({
    name: 'journal.ekspeder',
    consumes: ForsendelseSendtV1,
    accepts: (data) => data.journalpostSystemId !== undefined,
    system: 'noark5',
    effects: [effects.settEkspedert],
    follows: async (data, documents) => (await documents.get<Filed>(FILED_COLLECTION, data.forsendelseId))?.destination,
    async handle(data, context) {
      const filed = await context.documents.get<Filed>(FILED_COLLECTION, data.forsendelseId)
      if (filed === undefined) {
        // A restored store reads a log that is newer than itself: the filing is asked for at the core first, and takes its time.
        throw new HubError(
          'JOURNAL_UKJENT_JOURNALPOST',
          'transient',
          'The letter is said to be filed, but the archiver knows of no journalpost for it yet. If that stays so, look at its journey.',
        )
      }
      await context.effect(effects.settEkspedert, {
        forsendelseId: data.forsendelseId,
        journalpost: filed.journalpost,
        sendtDato: data.sendtTidspunkt,
      })
      context.publish(JournalpostEkspedertV1, {
        forsendelseId: data.forsendelseId,
        journalpostSystemId: filed.journalpost.systemId,
        saksmappeSystemId: filed.saksmappeSystemId,
        sendtDato: osloDate(data.sendtTidspunkt),
        ekspedertTidspunkt: isoInstant(context.now()),
      })
      context.log.info('journalpost closed as ekspedert')
    },
  })
}
