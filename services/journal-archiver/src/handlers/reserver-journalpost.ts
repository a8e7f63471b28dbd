import { isoInstant } from '@samband/kernel'
import { ForsendelseMottattV1, JournalpostReservertV1 } from '@samband/messages'
import { arkivdokumenter, type Noark5Effects } from '@samband/noark5'
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
    journalpost: parent(journalpost),
    saksmappeSystemId: saksmappe.systemId,
    destination: context.destination,
  }
  context.documents.put(FILED_COLLECTION, forsendelseId, kept)
  context.publish(JournalpostReservertV1, {
    forsendelseId,
    eksternReferanse: data.eksternReferanse,
    saksmappeSystemId: saksmappe.systemId,
    journalpostSystemId: journalpost.systemId,
    ...(journalpost.registreringsId === null ? {} : { registreringsId: journalpost.registreringsId }),
    ...(saksmappe.mappeId === null ? {} : { mappeId: saksmappe.mappeId }),
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

function parent({ systemId, self }: { readonly systemId: string; readonly self: string }): {
  readonly systemId: string
  readonly self: string
} {
  return { systemId, self }
}
