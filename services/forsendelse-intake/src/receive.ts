import { createHash } from 'node:crypto'
import type { Problem, ProblemFault } from '@samband/access'
import {
  asHubError,
  type Clock,
  type IdSource,
  isoInstant,
  type Logger,
  type Payloads,
  type Store,
} from '@samband/kernel'
import { COLLECTIONS, type ForsendelseDocument } from '@samband/letter-record'
import { ForsendelseMottattV1, KontoId } from '@samband/messages'
import { saksmappeKey } from '@samband/noark5'
import { type Acceptance, acceptedIdOf, getDocument, type Runtime, readLedger } from '@samband/runtime'
import type { Tenant } from '@samband/tenants'
import { avtrykkOf, contentDigestOf, innholdOf } from './letter/content.ts'
import { checkLetter, type Letter, plainMediaType } from './letter/letter.ts'
import { readJsonObject } from './letter/plain-json.ts'
import type { IntakeLimits } from './limits.ts'
import { MultipartFault, type Part, PartReader } from './multipart/part-reader.ts'
import { BodyTooLarge, type RequestBody } from './multipart/request-body.ts'
import { brokenMultipart, invalidJson, invalidLetter, missingFirstPart, otherContent, tooLarge } from './refusals.ts'

const SOURCE = '/samband/forsendelse-intake'
const FIRST_PART = 'forsendelse'

/** What receiving needs. */
export interface ReceiveDependencies {
  readonly runtime: Pick<Runtime, 'accept'>
  readonly store: Store
  readonly payloads: Payloads
  readonly clock: Clock
  readonly ids: IdSource
  readonly log: Logger
  readonly limits: IntakeLimits
}

/** One request to send a letter. */
export interface ReceiveRequest {
  readonly tenant: Tenant
  readonly klientId: string
  readonly body: RequestBody
  readonly boundary: string
  readonly traceparent: string | undefined
  /** Aborts when the client has left. */
  readonly signal: AbortSignal
}

/** What may be answered with a 2xx. */
export interface Received {
  readonly outcome: 'accepted' | 'repeated'
  readonly forsendelseId: string
  readonly eksternReferanse: string
}

interface ReadDocument {
  readonly sha256: string
  readonly sizeBytes: number
  /** Absent where the document was only compared. */
  readonly ref?: string
}

/**
 * Takes in one letter: documents to the payload store, then the JSON, then ledger, document and outbox row in one transaction (R1, R2). Resolves
 * only when all of it is durable. Safe to repeat: the same letter under the same reference gives the same id.
 *
 * Whatever goes wrong before the acceptance, an abort too, removes what was written. From the acceptance on an abort comes too late: the client's
 * repeat then finds the letter.
 * @throws Problem 400, 409, 413; ClientGone; what the stores throw
 */
export async function receiveForsendelse(deps: ReceiveDependencies, request: ReceiveRequest): Promise<Received> {
  const reception = new Reception(deps, request)
  try {
    return await reception.run()
  } catch (error) {
    await reception.giveUp()
    throw asRefusal(error)
  }
}

function asRefusal(error: unknown): unknown {
  if (error instanceof MultipartFault) return brokenMultipart()
  if (error instanceof BodyTooLarge) return tooLarge('', 'Hele forespørselen er større enn grensen som er satt opp.')
  return error
}

class Reception {
  readonly #deps: ReceiveDependencies
  readonly #request: ReceiveRequest
  readonly #parts: PartReader
  /** New for each request: two requests with one letter must not write, or remove, each other's payloads. */
  readonly #refBase: string
  /** What lies in the payload store and nobody rests on yet. */
  #written: string[] = []

  constructor(deps: ReceiveDependencies, request: ReceiveRequest) {
    this.#deps = deps
    this.#request = request
    this.#parts = new PartReader(request.body, request.boundary)
    this.#refBase = deps.ids.uuid()
  }

  async run(): Promise<Received> {
    const { store } = this.#deps
    const { tenant, signal } = this.#request
    const letter = await this.#readLetter()
    const { eksternReferanse } = letter
    const known = await readLedger(store, tenant.orgnr, eksternReferanse)
    const documents = await this.#readDocuments(letter, known === undefined)
    const hashes = documents.map(({ sha256 }) => sha256)
    const contentDigest = contentDigestOf(letter, hashes, tenant.hmacKey.bytes())
    if (known !== undefined) {
      if (known.contentDigest !== contentDigest) throw otherContent(known.acceptedId)
      return { outcome: 'repeated', forsendelseId: known.acceptedId, eksternReferanse }
    }
    const innhold = await this.#storeInnhold(letter, documents)
    signal.throwIfAborted()
    return this.#accept(letter, documents, innhold, contentDigest)
  }

  /** Removes what was written and reads off the rest of the body, so that the answer is seen. */
  async giveUp(): Promise<void> {
    this.#parts.stop()
    await this.#removeWritten()
    await this.#request.body.drain()
  }

  async #readLetter(): Promise<Letter> {
    const { limits } = this.#deps
    const { connectors } = this.#request.tenant
    const first = await this.#parts.next()
    if (first === undefined) throw missingFirstPart('nothing')
    if (first.name !== FIRST_PART) throw missingFirstPart('another part')
    const json = readJsonObject(await this.#readJson(first))
    if (typeof json === 'string') throw invalidJson(json)
    const { kontoId } = connectors.svarut
    const hasArkiv = connectors.noark5 !== undefined
    const checked = checkLetter(json, { kontoId, hasArkiv, maxDocuments: limits.maxDocuments })
    if ('tooManyDocuments' in checked) {
      const { tooManyDocuments: came } = checked
      throw tooLarge('dokumenter', `Kan være høyst ${limits.maxDocuments} dokumenter. Det kom en liste med ${came}.`)
    }
    if ('faults' in checked) throw invalidLetter(checked.faults)
    return checked.letter
  }

  async #readJson(part: Part): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    for await (const piece of part.content) {
      sizeBytes += piece.length
      if (sizeBytes > this.#deps.limits.maxJsonBytes) throw this.#jsonTooLarge()
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  #jsonTooLarge(): Problem {
    return tooLarge(FIRST_PART, `JSON-delen kan være høyst ${this.#deps.limits.maxJsonBytes} byte.`)
  }

  /**
   * The documents in order, stored unless they are only to be compared with a letter that is known. After the first fault nothing more is
   * stored, but all of it is looked at, so that every fault is told at once.
   */
  async #readDocuments(letter: Letter, store: boolean): Promise<readonly ReadDocument[]> {
    const read: ReadDocument[] = []
    const faults: ProblemFault[] = []
    let came = 0
    for (let part = await this.#parts.next(); part !== undefined; part = await this.#parts.next()) {
      const place = came
      came += 1
      const announced = letter.dokumenter[place]
      if (announced === undefined) {
        await measure(part)
        continue
      }
      if (part.filename?.normalize() !== announced.filnavn.normalize()) faults.push(wrongName(place, part))
      const ref = `${this.#refBase}-${place + 1}`
      const document = store && faults.length === 0 ? await this.#store(ref, part.content) : await measure(part)
      if (document.sizeBytes === 0) faults.push(emptyDocument(place))
      read.push(document)
    }
    const announced = letter.dokumenter.length
    if (came !== announced) faults.push(wrongCount(announced, came))
    if (faults.length > 0) throw invalidLetter(faults)
    return read
  }

  async #storeInnhold(
    letter: Letter,
    documents: readonly ReadDocument[],
  ): Promise<ReadDocument & { readonly ref: string }> {
    const refs = documents.map(({ ref }) => ref ?? '')
    const bytes = innholdOf(letter, refs)
    if (bytes.length > this.#deps.limits.maxJsonBytes) throw this.#jsonTooLarge()
    return this.#store(`${this.#refBase}-innhold`, [bytes])
  }

  async #store(
    ref: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<ReadDocument & { readonly ref: string }> {
    const { tenant, signal } = this.#request
    const { sha256, sizeBytes } = await this.#deps.payloads.put(tenant.orgnr, ref, content, { signal })
    this.#written.push(ref)
    return { ref, sha256, sizeBytes }
  }

  async #accept(
    letter: Letter,
    documents: readonly ReadDocument[],
    innhold: ReadDocument & { readonly ref: string },
    contentDigest: string,
  ): Promise<Received> {
    const { eksternReferanse } = letter
    const acceptance = this.#acceptanceOf(letter, documents, innhold, contentDigest)
    const { acceptedId: forsendelseId } = acceptance
    const outcome = await this.#deps.runtime.accept(acceptance).catch(async (error: unknown) => {
      await this.#keepWhatMayBeAccepted(forsendelseId, innhold.ref, error)
      throw error
    })
    if (outcome === 'conflict') throw otherContent(forsendelseId)
    if (outcome === 'repeated') await this.#removeWritten()
    return { outcome, forsendelseId, eksternReferanse }
  }

  /** An acceptance that failed may be durable all the same; payloads may only go when the store says that it is not. */
  async #keepWhatMayBeAccepted(forsendelseId: string, innholdRef: string, failure: unknown): Promise<void> {
    const stands = await this.#isAccepted(forsendelseId, innholdRef, failure)
    if (stands === 'no') return
    if (stands === 'unknown') {
      this.#deps.log.warn('payloads of a failed acceptance are kept: the store cannot say whether it was accepted', {
        acceptedId: forsendelseId,
      })
    }
    this.#written = []
  }

  async #isAccepted(forsendelseId: string, innholdRef: string, failure: unknown): Promise<'yes' | 'no' | 'unknown'> {
    // The commit may still be under way: what a look does not find now may be there a moment later.
    if (asHubError(failure)?.code === 'STORE_UTFALL_UKJENT') return 'unknown'
    try {
      const read = await this.#deps.store.read('forsendelse-intake.accepted', (tx) =>
        getDocument<ForsendelseDocument>(tx, COLLECTIONS.forsendelse, forsendelseId),
      )
      return read?.body.payloads.includes(innholdRef) === true ? 'yes' : 'no'
    } catch {
      return 'unknown'
    }
  }

  #acceptanceOf(
    letter: Letter,
    documents: readonly ReadDocument[],
    innhold: ReadDocument & { readonly ref: string },
    contentDigest: string,
  ): Acceptance {
    const { tenant, klientId, traceparent } = this.#request
    const { eksternReferanse, arkiv, kontoId } = letter
    const now = this.#deps.clock.now()
    const mottattTidspunkt = isoInstant(now)
    const acceptedId = acceptedIdOf(tenant.orgnr, eksternReferanse)
    const forsendelse: ForsendelseDocument = {
      eksternReferanse,
      klientId,
      arkiv: arkiv !== undefined,
      mottattTidspunkt,
      payloads: [...this.#written],
    }
    return {
      tenant: tenant.orgnr,
      acceptedId,
      eksternReferanse,
      klientId,
      contentDigest,
      definition: ForsendelseMottattV1,
      data: {
        forsendelseId: acceptedId,
        eksternReferanse,
        mottakertype: letter.mottakertype,
        innhold: {
          ref: innhold.ref,
          avtrykk: avtrykkOf(letter, tenant.hmacKey.bytes()),
          sizeBytes: innhold.sizeBytes,
        },
        dokumenter: documents.map(({ ref, sha256, sizeBytes }, place) => ({
          ref,
          sha256,
          sizeBytes,
          mimeType: plainMediaType(letter.dokumenter[place]?.mimeType ?? ''),
        })),
        ...(arkiv === undefined ? {} : { arkiv: { saksmappeKey: saksmappeKey(tenant.orgnr, arkiv) } }),
        ...(kontoId === undefined ? {} : { kontoId: KontoId.parse(kontoId) }),
        klientId,
        mottattTidspunkt,
      },
      source: SOURCE,
      traceparent,
      documents: [{ collection: COLLECTIONS.forsendelse, id: acceptedId, body: forsendelse }],
      now,
    }
  }

  async #removeWritten(): Promise<void> {
    const { payloads, log } = this.#deps
    const { orgnr } = this.#request.tenant
    for (const ref of this.#written.splice(0)) {
      try {
        await payloads.remove(orgnr, ref)
      } catch (error) {
        log.warn('a payload that nobody needs could not be removed', { tenant: orgnr, code: asHubError(error)?.code })
      }
    }
  }
}

/** Reads a part without keeping it. */
async function measure(part: Part): Promise<ReadDocument> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const piece of part.content) {
    hash.update(piece)
    sizeBytes += piece.length
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

function wrongName(place: number, part: Part): ProblemFault {
  const came =
    part.filename === undefined ? 'Delen som kom, har ikke noe filnavn.' : 'Delen som kom, har et annet filnavn.'
  const detail = `Dokumentene må komme i samme rekkefølge som i dokumenter, og filename i delen må være lik filnavn. ${came}`
  return { path: `dokumenter[${place}].filnavn`, code: 'FEIL_FILNAVN', detail }
}

function emptyDocument(place: number): ProblemFault {
  const detail = 'Dokumentet er tomt. Det må ha minst 1 byte.'
  return { path: `dokumenter[${place}]`, code: 'TOMT_DOKUMENT', detail }
}

function wrongCount(announced: number, came: number): ProblemFault {
  const code = came < announced ? 'DOKUMENT_MANGLER' : 'DOKUMENT_FOR_MYE'
  const detail = `Listen nevner ${announced}, men det kom ${came} dokumentdeler etter delen forsendelse.`
  return { path: 'dokumenter', code, detail }
}
