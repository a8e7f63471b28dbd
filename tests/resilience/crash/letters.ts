import { createHash } from 'node:crypto'
import type { Random } from '../../histories/random.ts'
import { letterForm } from '../../support/letter-form.ts'

/** A letter of the load, and how far it is known to have come. */
export interface Letter {
  readonly tenant: string
  readonly eksternReferanse: string
  /** Stands in its documents and, where it is filed, in the title of its journalpost. */
  readonly mark: string
  /** SHA-256 of each document, lower-case hex, in order. */
  readonly documents: readonly string[]
  /** Title of its saksmappe, which is one per key; undefined where nothing is filed. */
  readonly saksmappe: string | undefined
  readonly form: { readonly contentType: string; readonly body: Buffer<ArrayBuffer> }
  /** The id that came with the first 2xx. */
  forsendelseId: string | undefined
}

const RECIPIENTS = ['15859099928', '03851598730', '311094688']
/** Letters that share a case before the tenant begins a new one. */
const LETTERS_PER_CASE = 6
const CASES_AT_ONCE = 2

/** Makes the letters of a run, one after the other. */
export class LetterMaker {
  readonly #random: Random
  readonly #tenants: readonly string[]
  readonly #filed = new Map<string, number>()
  #made = 0

  constructor(random: Random, tenants: readonly string[]) {
    this.#random = random
    this.#tenants = tenants
  }

  next(): Letter {
    const random = this.#random
    this.#made += 1
    const tenant = random.pick(this.#tenants)
    const mark = `L${this.#made}-${random.between(1000, 9999)}`
    const eksternReferanse = `sak-2026-${this.#made}`
    const documents = Array.from({ length: random.between(1, 3) }, (_, place) => ({
      filnavn: `vedtak-${place + 1}.txt`,
      mimeType: 'text/plain',
      content: Buffer.from(`Dokument ${place + 1} ${'x'.repeat(random.between(0, 3_000))} SAMBAND-MARK:${mark} slutt.`),
    }))
    const noekkel = random.chance(0.6) ? this.#case(tenant) : undefined
    const saksmappe = noekkel === undefined ? undefined : `Sak ${tenant} ${noekkel}`
    const arkiv =
      noekkel === undefined || saksmappe === undefined
        ? undefined
        : { noekkel, saksmappeTittel: saksmappe, journalpostTittel: `Vedtak SAMBAND-MARK:${mark}` }
    return {
      tenant,
      eksternReferanse,
      mark,
      documents: documents.map(({ content }) => createHash('sha256').update(content).digest('hex')),
      saksmappe,
      form: letterForm({
        eksternReferanse,
        documents,
        digitalId: random.pick(RECIPIENTS),
        ...(arkiv === undefined ? {} : { arkiv }),
      }),
      forsendelseId: undefined,
    }
  }

  /** One of the tenant's newest cases. */
  #case(tenant: string): string {
    const filed = this.#filed.get(tenant) ?? 0
    this.#filed.set(tenant, filed + 1)
    const newest = Math.floor(filed / LETTERS_PER_CASE) * CASES_AT_ONCE
    return `sak-${newest + this.#random.between(1, CASES_AT_ONCE)}`
  }
}
