import type { Json, Store, Tx } from '@samband/kernel'
import {
  type AvvistDocument,
  COLLECTIONS,
  type EkspedertDocument,
  type ForsendelseDocument,
  type ReservertDocument,
  type SendtDocument,
  type StatusChange,
  type StatusDocument,
} from '@samband/letter-record'
import { getDocument } from '@samband/runtime'

/** What this service knows of one letter, all aspects together. */
export interface KnownLetter {
  readonly forsendelseId: string
  readonly tenant: string
  readonly forsendelse: ForsendelseDocument
  readonly reservert: ReservertDocument | undefined
  readonly sendt: SendtDocument | undefined
  readonly endringer: readonly StatusChange[]
  readonly avvist: AvvistDocument | undefined
  readonly ekspedert: EkspedertDocument | undefined
}

/** A letter as it stands now; `undefined` when this service has not accepted one of that id. */
export async function readKnownLetter(store: Store, forsendelseId: string): Promise<KnownLetter | undefined> {
  return store.read('forsendelse-intake.letter', async (tx) => {
    const accepted = await getDocument<ForsendelseDocument>(tx, COLLECTIONS.forsendelse, forsendelseId)
    if (accepted === undefined) return undefined
    const body = bodies(tx, forsendelseId)
    return {
      forsendelseId,
      tenant: accepted.tenant,
      forsendelse: accepted.body,
      reservert: await body<ReservertDocument>(COLLECTIONS.reservert),
      sendt: await body<SendtDocument>(COLLECTIONS.sendt),
      endringer: (await body<StatusDocument>(COLLECTIONS.status))?.endringer ?? [],
      avvist: await body<AvvistDocument>(COLLECTIONS.avvist),
      ekspedert: await body<EkspedertDocument>(COLLECTIONS.ekspedert),
    }
  })
}

function bodies(tx: Tx, id: string) {
  return async <Body extends Json>(collection: string): Promise<Body | undefined> =>
    (await getDocument<Body>(tx, collection, id))?.body
}
