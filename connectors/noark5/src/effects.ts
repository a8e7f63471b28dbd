import { Context } from './context.ts'
import type { Noark5Dependencies } from './core.ts'
import { opprettDokumentbeskrivelse } from './effects/dokumentbeskrivelse.ts'
import { opprettDokumentobjekt } from './effects/dokumentobjekt.ts'
import { settEkspedert } from './effects/ekspedert.ts'
import { lastOppFil } from './effects/fil.ts'
import { opprettJournalpost } from './effects/journalpost.ts'
import { opprettKorrespondansepart } from './effects/korrespondansepart.ts'
import { opprettSaksmappe } from './effects/saksmappe.ts'

/** The steps that file a letter, in the order they are run. Nothing is final before the last one. */
export type Noark5Effects = ReturnType<typeof createNoark5Effects>

/**
 * The effects of one process; they share logins, links and code lists per destination, so make them once.
 *
 * Order: opprettSaksmappe, opprettJournalpost, opprettKorrespondansepart (avsender, mottaker), then per document opprettDokumentbeskrivelse,
 * opprettDokumentobjekt, lastOppFil; settEkspedert when the letter has left. Each takes the evidence of the one before as its parent.
 */
export function createNoark5Effects(deps: Noark5Dependencies) {
  const context = new Context(deps)
  return {
    opprettSaksmappe: opprettSaksmappe(context),
    opprettJournalpost: opprettJournalpost(context),
    opprettKorrespondansepart: opprettKorrespondansepart(context),
    opprettDokumentbeskrivelse: opprettDokumentbeskrivelse(context),
    opprettDokumentobjekt: opprettDokumentobjekt(context),
    lastOppFil: lastOppFil(context),
    settEkspedert: settEkspedert(context),
  }
}
