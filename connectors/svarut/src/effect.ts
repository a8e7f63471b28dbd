import type { HttpDependencies } from '@samband/connector-kit'
import { evidenceFault, readThrough } from '@samband/connector-kit'
import type { BoundDestination, Effect, IdSource, Payloads, ProbeAnswer } from '@samband/kernel'
import { HubError, isoInstant } from '@samband/kernel'
import { z } from 'zod'
import type { FoundForsendelse } from './client.ts'
import { finnMetadata, sendForsendelse } from './client.ts'
import type { Mottakertype } from './forsendelse.ts'
import { svarUtReferanse } from './reference.ts'
import type { SvarUtAccess, SvarUtTransport } from './transport.ts'

/** What is to be sent: references and digests, no personal data. */
export type SendInput = {
  readonly forsendelseId: string
  /** The sending system's own. */
  readonly eksternReferanse: string
  readonly mottakertype: Mottakertype
  /** The JSON of the forsendelse (`SvarUtForsendelse`) in the payload store. */
  readonly innhold: { readonly ref: string; readonly sizeBytes?: number }
  /** In the order of `dokumenter` in the JSON. */
  readonly dokumenter: readonly {
    readonly ref: string
    readonly sha256: string
    readonly sizeBytes: number
    readonly mimeType: string
  }[]
  /** HMAC of the content JSON under the tenant's key: recipient and text, without telling either. */
  readonly avtrykk: string
}

/** Proof that SvarUt has accepted it. */
export const SendEvidence = z
  .strictObject({
    svarUtId: z.string().min(1).max(200),
    /** ISO 8601, UTC: when the answer came, by our clock; or, from a look-up, when SvarUt received it. */
    sendtTidspunkt: z.iso.datetime(),
    /** Further ids with the same reference: the letter went more than once. An incident. */
    flere: z.array(z.string()).readonly().optional(),
  })
  .readonly()
export type SendEvidence = z.infer<typeof SendEvidence>

/** A send with everything at hand. Holds personal data and a token; lives in memory only. */
export interface PreparedSend {
  readonly transport: SvarUtTransport
  readonly token: string
  readonly mottakertype: Mottakertype
  readonly json: string
  readonly boundary: string
  readonly documents: readonly {
    readonly ref: string
    readonly filnavn: string
    readonly mimeType: string
    readonly sizeBytes: number
  }[]
}

/** What the effect needs from the outside. */
export interface SendDependencies {
  readonly http: HttpDependencies
  readonly payloads: Payloads
  readonly ids: IdSource
  /** Credentials by destination; asked anew for every attempt. */
  readonly access: (to: BoundDestination) => SvarUtAccess
  /** Makes the JSON of the forsendelse out of what lies in the payload store. Default: it is that already. */
  readonly innholdOf?: (stored: unknown) => unknown
}

const MAX_CONTENT_BYTES = 1024 * 1024

const StoredContent = z.looseObject({ dokumenter: z.array(z.looseObject({ filnavn: z.string().min(1) })).optional() })
type StoredContent = z.infer<typeof StoredContent>

/**
 * Sends one forsendelse through KS SvarUt, once. SvarUt takes no id of ours and can be asked by reference afterwards: guarantee `probe`, and the reference carries the effect's key.
 *
 * `prepare` fetches token and content and reads the documents through; `act` is one POST; `probe` is one look-up by the whole reference.
 * Errors: those of `sendForsendelse`, of the token source, PAYLOAD_FINNES_IKKE and PAYLOAD_ODELAGT; SVARUT_INNHOLD_ODELAGT and SVARUT_DOKUMENT_ENDRET (permanent).
 * @see KS, Send v3 and Ekstern ref v2
 */
export function createSendTilSvarUt(deps: SendDependencies): Effect<SendInput, PreparedSend, SendEvidence> {
  const transportTo = (to: BoundDestination): SvarUtTransport => {
    const access = deps.access(to)
    return { http: access.http ?? deps.http, to, access }
  }
  return {
    name: 'svarut.send',
    guarantee: 'probe',
    subject: ({ forsendelseId }) => forsendelseId,
    discriminator: ({ avtrykk }) => avtrykk,
    // Our clock gave the time of an answer, SvarUt's own that of a look-up: only the ids tell letters apart.
    identity: ({ svarUtId, flere }) => [svarUtId, ...(flere ?? [])].join(' '),
    evidenceFault: evidenceFault(SendEvidence),
    doubled: ({ flere }) => flere !== undefined && flere.length > 0,

    async prepare(key, input, to, signal) {
      const content = await readContent(deps, to.tenant, input)
      await checkDocuments(deps.payloads, to.tenant, input, signal)
      const transport = transportTo(to)
      return {
        transport,
        mottakertype: input.mottakertype,
        json: JSON.stringify({ ...content, eksternReferanse: svarUtReferanse(input.eksternReferanse, key) }),
        boundary: `samband-${deps.ids.uuid()}`,
        documents: input.dokumenter.map(({ ref, mimeType, sizeBytes }, place) => ({
          ref,
          mimeType,
          sizeBytes,
          filnavn: content.dokumenter?.[place]?.filnavn ?? '',
        })),
        // Last, so that as much as possible of its life is left.
        token: await transport.access.token.token(signal),
      }
    },

    async act(prepared, attempt) {
      const { tenant } = attempt.destination
      const svarUtId = await sendForsendelse(prepared.transport, {
        mottakertype: prepared.mottakertype,
        token: prepared.token,
        content: {
          boundary: prepared.boundary,
          json: prepared.json,
          documents: prepared.documents.map((document) => ({
            ...document,
            open: () => deps.payloads.open(tenant, document.ref),
          })),
          beforeEnd: () => attempt.start(),
        },
        start: () => attempt.start(),
        signal: attempt.signal,
      })
      return { svarUtId, sendtTidspunkt: isoInstant(deps.http.time.clock.now()) }
    },

    async probe(key, input, to, signal) {
      try {
        return answerOf(await finnMetadata(transportTo(to), svarUtReferanse(input.eksternReferanse, key), signal))
      } catch (error) {
        return { kind: 'cannot-tell', why: asWhy(error) }
      }
    },
  }
}

async function readContent(
  { payloads, innholdOf = (stored) => stored }: SendDependencies,
  tenant: string,
  { innhold, dokumenter }: SendInput,
): Promise<StoredContent> {
  const bytes = await payloads.read(tenant, innhold.ref, MAX_CONTENT_BYTES)
  const parsed = StoredContent.safeParse(innholdOf(parseJson(bytes)))
  if (!parsed.success) throw spoiled('expected the JSON of a forsendelse')
  const named = parsed.data.dokumenter?.length ?? 0
  if (named !== dokumenter.length) throw spoiled(`it names ${named} documents, ${dokumenter.length} are to be sent`)
  return parsed.data
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The parser's message quotes the content.
    return undefined
  }
}

function spoiled(why: string): HubError {
  return new HubError(
    'SVARUT_INNHOLD_ODELAGT',
    'permanent',
    `The stored content of the forsendelse cannot be sent: ${why}. Look at the payload store.`,
  )
}

async function checkDocuments(
  payloads: Payloads,
  tenant: string,
  { dokumenter }: SendInput,
  signal: AbortSignal,
): Promise<void> {
  for (const [place, { ref, sha256, sizeBytes }] of dokumenter.entries()) {
    const facts = await readThrough(payloads, tenant, ref, signal)
    if (facts.sha256 === sha256 && facts.sizeBytes === sizeBytes) continue
    const message = `Document ${place} (${ref}) is not the one that was accepted: size or SHA-256 differ. Look at the payload store.`
    throw new HubError('SVARUT_DOKUMENT_ENDRET', 'permanent', message, { path: `dokumenter[${place}]` })
  }
}

/** The oldest one counts, so that every look-up gives the same evidence. */
function answerOf([first, ...others]: readonly FoundForsendelse[]): ProbeAnswer<SendEvidence> {
  if (!first) return { kind: 'not-there' }
  const flere = others.length === 0 ? {} : { flere: others.map(({ id }) => id) }
  return { kind: 'there', evidence: { svarUtId: first.id, sendtTidspunkt: first.dato, ...flere } }
}

function asWhy(error: unknown): HubError {
  if (error instanceof HubError) return error
  return new HubError(
    'SVARUT_OPPSLAG_FEILET',
    'transient',
    'The look-up at SvarUt gave no answer. It is asked again.',
    { cause: error },
  )
}
