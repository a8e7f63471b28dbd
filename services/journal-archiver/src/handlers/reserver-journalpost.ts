import { isoInstant } from '@samband/kernel'
import { ForsendelseMottattV1, JournalpostReservertV1 } from '@samband/messages'
import { arkivdokumenter, type Made, type Noark5Effects } from '@samband/noark5'
import { defineHandler, type HandlerContext } from '@samband/runtime'
import { FILED_COLLECTION, type Filed } from '../domain/filed.ts'

/**
 * Files a forsendelse before it is sent: saksmappe (found or made), journalpost with status Reservert, its parties, and each document with
 * its file read back. Every step is an effect of its own, so a run continues where the last one stopped. Letters of one saksmappe are
 * filed one after the other.
 */
export function createReserverHandler(effects: Noark5Effects) {
  return defineHandler({
    name: 'journal.reserver',
    consumes: ForsendelseMottattV1,
    accepts: (data) => data.arkiv !== undefined,
    order: (data) => data.arkiv?.saksmappeKey ?? data.forsendelseId,
    system: 'noark5',
    effects: [
      effects.opprettSaksmappe,
      effects.opprettJournalpost,
      effects.opprettKorrespondansepart,
      effects.opprettDokumentbeskrivelse,
      effects.opprettDokumentobjekt,
      effects.lastOppFil,
    ],
    handle: (data, context) => file(effects, data, context),
  })
}

async function file(effects: Noark5Effects, data: ForsendelseMottattV1, context: HandlerContext): Promise<void> {
  const { forsendelseId } = data
  const saksmappeKey = data.arkiv?.saksmappeKey
  if (saksmappeKey === undefined || context.destination === undefined)
    throw new Error('a forsendelse without arkiv is not filed')
  const innhold = { ref: data.innhold.ref }

  const saksmappe = await context.effect(effects.opprettSaksmappe, { saksmappeKey, innhold })
  const journalpost = await context.effect(effects.opprettJournalpost, {
    forsendelseId,
    innhold,
    saksmappe: parent(saksmappe),
  })
  await context.effect(effects.opprettKorrespondansepart, {
    forsendelseId,
    innhold,
    journalpost: parent(journalpost),
    part: 'mottaker',
  })
  await context.effect(effects.opprettKorrespondansepart, {
    forsendelseId,
    innhold,
    journalpost: parent(journalpost),
    part: 'avsender',
  })
  const filed = new Map<string, string>()
  for (const dokument of arkivdokumenter(data.dokumenter)) {
    const beskrivelse = await context.effect(effects.opprettDokumentbeskrivelse, {
      forsendelseId,
      innhold,
      journalpost: parent(journalpost),
      dokument,
    })
    const objekt = await context.effect(effects.opprettDokumentobjekt, {
      forsendelseId,
      innhold,
      dokumentbeskrivelse: parent(beskrivelse),
      dokument,
    })
    await context.effect(effects.lastOppFil, { forsendelseId, innhold, dokumentobjekt: parent(objekt), dokument })
    filed.set(dokument.ref, objekt.systemId)
  }

  const reservertTidspunkt = isoInstant(context.now())
  const kept: Filed = {
    journalpost: { systemId: journalpost.systemId, self: journalpost.self },
    saksmappeSystemId: saksmappe.systemId,
    destination: context.destination,
  }
  context.documents.put(FILED_COLLECTION, forsendelseId, kept)
  context.publish(JournalpostReservertV1, {
    forsendelseId,
    eksternReferanse: data.eksternReferanse,
    saksmappeSystemId: saksmappe.systemId,
    journalpostSystemId: journalpost.systemId,
    ...numbers(journalpost.registreringsId, saksmappe.mappeId),
    mottakertype: data.mottakertype,
    innhold: data.innhold,
    dokumenter: data.dokumenter.map((dokument) => ({
      ...dokument,
      dokumentobjektSystemId: filed.get(dokument.ref) ?? '',
    })),
    saksmappeKey,
    ...(data.kontoId === undefined ? {} : { kontoId: data.kontoId }),
    klientId: data.klientId,
    mottattTidspunkt: data.mottattTidspunkt,
    reservertTidspunkt,
  })
  context.log.info('journalpost reserved and its files verified')
}

/** What the next step hangs on. Whether the core kept our systemID tells its look-up what an empty answer is worth. */
function parent({ systemId, self, egenId }: Pick<Made, 'systemId' | 'self' | 'egenId'>): {
  readonly systemId: string
  readonly self: string
  readonly egenId: boolean | null
} {
  return { systemId, self, egenId }
}

/** Numbers of the archive are for people. What a core gives in a form the event does not take is left out: the letter goes on. */
function numbers(
  registreringsId: string | null,
  mappeId: string | null,
): { readonly registreringsId?: string; readonly mappeId?: string } {
  const { shape } = JournalpostReservertV1.schema
  const fits = (name: 'registreringsId' | 'mappeId', value: string | null) =>
    value !== null && shape[name]?.safeParse(value).success === true ? { [name]: value } : {}
  return { ...fits('registreringsId', registreringsId), ...fits('mappeId', mappeId) }
}
