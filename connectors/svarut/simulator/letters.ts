import { createHash } from 'node:crypto'
import type { Letter } from './letter-rules.ts'
import type { SendBody } from './multipart.ts'

/** A status and when it comes, counted from when the letter was received. */
export interface JourneyStep {
  /** SvarUt's own code, or any other text to see how a client takes a status it does not know. */
  readonly status: string
  readonly afterMs: number
}

/** Sends letters another way than usual. */
export interface JourneyOrder {
  /** Letters one of whose texts (eksternReferanse, title, mark of a document) contains this. */
  readonly mark: string
  /** In the order of time. */
  readonly steps: readonly JourneyStep[]
}

/** A letter that took effect, without a name or a number of any person. */
export interface ReceivedLetter {
  readonly id: string
  readonly kontoId: string
  readonly eksternReferanse: string | null
  /** Lower-case hex SHA-256 of the recipient's digitalId. */
  readonly mottakerDigitalIdHash: string
  /** The tokens of all marks in the documents and the JSON, each once. */
  readonly marks: string[]
  readonly dokumenter: { readonly filnavn: string; readonly sizeBytes: number; readonly sha256: string }[]
  readonly receivedAtMs: number
}

interface KeptLetter {
  readonly received: ReceivedLetter
  readonly avgivendeSystem: string | null
  readonly findableFromMs: number
  readonly texts: readonly string[]
  steps: readonly JourneyStep[]
}

/** The letters SvarUt has, and how far each has come. */
export class Letters {
  readonly #all: KeptLetter[] = []
  readonly #byId = new Map<string, KeptLetter>()
  readonly #byReference = new Map<string, KeptLetter[]>()
  readonly #orders: JourneyOrder[] = []
  readonly #usual: readonly JourneyStep[]

  constructor(usual: readonly JourneyStep[]) {
    this.#usual = usual
  }

  /** The journey of letters still to come; the newest order that fits a letter wins. */
  orderJourney(order: JourneyOrder): void {
    this.#orders.unshift(order)
  }

  /** Lets a letter have a status from now on, whatever its journey was. Unknown ids throw, as the test is wrong then. */
  moveTo(id: string, status: string, nowMs: number): void {
    const letter = this.#byId.get(id)
    if (letter === undefined) throw new Error('moveTo: expected the id of a letter that has been received')
    letter.steps = [{ status, afterMs: nowMs - letter.received.receivedAtMs }]
  }

  /** Takes a letter in: the moment of its effect. */
  add(id: string, kontoId: string, letter: Letter, body: SendBody, nowMs: number, lagMs: number): void {
    const texts = letterTexts(letter, body)
    const kept: KeptLetter = {
      received: {
        id,
        kontoId,
        eksternReferanse: letter.eksternReferanse ?? null,
        mottakerDigitalIdHash: createHash('sha256').update(letter.mottaker.digitalId).digest('hex'),
        marks: marksOf(body),
        dokumenter: body.documents.map(({ filnavn, sizeBytes, sha256 }) => ({
          filnavn: filnavn ?? '',
          sizeBytes,
          sha256,
        })),
        receivedAtMs: nowMs,
      },
      avgivendeSystem: letter.avgivendeSystem ?? null,
      findableFromMs: nowMs + lagMs,
      texts,
      steps: this.#orders.find(({ mark }) => texts.some((text) => text.includes(mark)))?.steps ?? this.#usual,
    }
    this.#all.push(kept)
    this.#byId.set(id, kept)
    const reference = `${kontoId} ${kept.received.eksternReferanse ?? ''}`
    const alike = this.#byReference.get(reference)
    if (alike === undefined) this.#byReference.set(reference, [kept])
    else alike.push(kept)
  }

  /** Everything that took effect, in order. */
  received(): ReceivedLetter[] {
    return this.#all.map(({ received }) => received)
  }

  /** What marks of orders are looked for in, when these letters are asked for. */
  textsOf(ids: readonly string[]): string[] {
    return ids.flatMap((id) => this.#byId.get(id)?.texts ?? [])
  }

  /** The status of the letters of a konto; ids it does not know are left out. */
  statuses(kontoId: string, ids: readonly string[], nowMs: number): object[] {
    return ids.flatMap((id) => {
      const letter = this.#byId.get(id)
      if (letter === undefined || letter.received.kontoId !== kontoId) return []
      const { receivedAtMs } = letter.received
      const step = letter.steps.findLast(({ afterMs }) => receivedAtMs + afterMs <= nowMs)
      const since = new Date(receivedAtMs + (step?.afterMs ?? 0)).toISOString()
      return [{ id, sisteStatusEndring: since, status: step?.status ?? 'MOTTATT' }]
    })
  }

  /** The letters of a konto with exactly this reference that look-ups can see and that are at least so old. */
  find(
    kontoId: string,
    eksternRef: string,
    nowMs: number,
    youngestMs: number,
  ): { id: string; dato: string; avgivendeSystem?: string }[] {
    if (eksternRef === '') return []
    return (this.#byReference.get(`${kontoId} ${eksternRef}`) ?? [])
      .filter(({ received, findableFromMs }) => findableFromMs <= nowMs && received.receivedAtMs + youngestMs <= nowMs)
      .map(({ received, avgivendeSystem }) => ({
        id: received.id,
        dato: new Date(received.receivedAtMs).toISOString(),
        ...(avgivendeSystem === null ? {} : { avgivendeSystem }),
      }))
  }
}

/** The texts of a letter that the marks of orders are looked for in. */
export function letterTexts(letter: Partial<Letter>, body: SendBody): string[] {
  return [letter.eksternReferanse, letter.tittel, ...marksOf(body)].filter((text) => typeof text === 'string')
}

function marksOf(body: SendBody): string[] {
  return [...new Set([...body.documents.flatMap(({ marks }) => marks), ...body.jsonMarks])]
}
