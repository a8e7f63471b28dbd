import type { HttpResponse } from '@samband/connector-kit'
import type { Attempt, EffectKey, HubError } from '@samband/kernel'
import { NothingHappened } from '@samband/kernel'
import type { Core } from '../core.ts'
import { NOARK_JSON } from '../core.ts'
import { within } from '../create.ts'
import { failed, nothing } from '../errors.ts'
import type { FilEvidence } from '../evidence.ts'
import type { Refusal } from '../refusals.ts'
import { refusalOf } from '../refusals.ts'
import { fileState } from './file-state.ts'
import { Piecewise } from './piecewise.ts'

/** An upload that is ready to go. */
export interface PreparedUpload {
  readonly core: Core
  readonly key: EffectKey
  readonly url: string
  readonly mimeType: string
  readonly file: FilEvidence
  /** Above this many bytes the file goes in pieces of at most so many; 0: in one request. */
  readonly pieceBytes: number
  readonly authorization: string
  open(): Promise<AsyncIterable<Uint8Array>>
}

/** Sends one file and reads it back; see `lastOppFil` for what it throws. */
export async function upload(prepared: PreparedUpload, attempt: Attempt): Promise<FilEvidence> {
  const { pieceBytes, file } = prepared
  const answer =
    pieceBytes > 0 && file.sizeBytes > pieceBytes
      ? await inPieces(prepared, attempt)
      : await inOneRequest(prepared, attempt)
  if (answer.status === 200 || answer.status === 201) return readBack(prepared, attempt.signal)
  return refused(prepared, answer, attempt)
}

function inOneRequest(prepared: PreparedUpload, attempt: Attempt): Promise<HttpResponse> {
  const { core, file, url, open } = prepared
  if (noSessionBefore(prepared, attempt)) core.noSession.set(prepared.key, attempt.number)
  return core.send(attempt, {
    method: 'POST',
    url,
    headers: {
      accept: NOARK_JSON,
      authorization: prepared.authorization,
      'content-type': prepared.mimeType,
      'content-length': String(file.sizeBytes),
    },
    body: file.sizeBytes === 0 ? '' : () => streamOf(open),
  })
}

async function* streamOf(open: PreparedUpload['open']): AsyncGenerator<Uint8Array> {
  yield* await open()
}

/** Opens a session and sends piece by piece. The last answer, or that of a refused opening; throws when a piece is lost. */
async function inPieces(prepared: PreparedUpload, attempt: Attempt): Promise<HttpResponse> {
  const opened = await openSession(prepared, attempt)
  if (opened.status !== 200 && opened.status !== 201) return opened
  const source = new Piecewise(prepared.open)
  try {
    return await within('An upload in pieces', () => sendPieces(prepared, attempt, opened, source))
  } finally {
    await source.close()
  }
}

/** No earlier attempt can have left a session behind: there must never be two on one dokumentobjekt. */
function noSessionBefore({ core, key }: PreparedUpload, attempt: Attempt): boolean {
  return attempt.number === 1 || core.noSession.get(key) === attempt.number - 1
}

async function openSession(prepared: PreparedUpload, attempt: Attempt): Promise<HttpResponse> {
  const { core, key, file, url, mimeType } = prepared
  if (!noSessionBefore(prepared, attempt)) throw blocked()
  const none = () => core.noSession.set(key, attempt.number)
  try {
    const answer = await core.send(attempt, {
      method: 'POST',
      url,
      headers: {
        accept: NOARK_JSON,
        authorization: prepared.authorization,
        'content-length': '0',
        'x-upload-content-type': mimeType,
        'x-upload-content-length': String(file.sizeBytes),
      },
      body: '',
    })
    if (answer.status >= 400 && answer.status < 500) none()
    return answer
  } catch (error) {
    if (error instanceof NothingHappened) none()
    throw error
  }
}

async function sendPieces(
  prepared: PreparedUpload,
  attempt: Attempt,
  opened: HttpResponse,
  source: Piecewise,
): Promise<HttpResponse> {
  const { core, file, mimeType, pieceBytes } = prepared
  let session = locationOf(opened, prepared.url)
  for (let from = 0; ; ) {
    if (session === undefined) throw lost('The core gave no address for the next piece.')
    const to = Math.min(from + pieceBytes, file.sizeBytes)
    const start = from
    const headers = {
      accept: NOARK_JSON,
      // Asked anew for each piece: a long upload may outlive a token.
      authorization: await core.authorization(attempt.signal),
      'content-type': mimeType,
      'content-length': String(to - from),
      'content-range': `${core.profile.contentRangeUnit}${from}-${to - 1}/${file.sizeBytes}`,
    }
    const piece = { method: 'PUT' as const, url: session, headers, body: () => source.bytes(start, to) }
    const answer = await core.send(attempt, piece, () => undefined)
    if (answer.status === 201) return answer
    if (answer.status !== 200) throw lost(`The core answered ${answer.status} to a piece of an upload.`)
    const next = nextByte(answer, to)
    if (next <= from || next > to) throw lost('The core names a range that does not fit the piece that was sent.')
    if (next === file.sizeBytes) return answer
    from = next
    session = locationOf(answer, session) ?? session
  }
}

/** The byte after what the core says it has: `Range: 0-524287`, with or without the unit. Without the header: all of the piece. */
function nextByte(answer: HttpResponse, sentTo: number): number {
  const range = answer.headers['range']
  if (range === undefined) return sentTo
  const upper = /-(\d+)\s*$/.exec(range)?.[1]
  return upper === undefined ? -1 : Number(upper) + 1
}

function locationOf(answer: HttpResponse, url: string): string | undefined {
  const location = answer.headers['location']
  return location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : undefined
}

async function readBack(prepared: PreparedUpload, signal: AbortSignal): Promise<FilEvidence> {
  const { core, url, file } = prepared
  const state = await within('The uploaded file', () => fileState(core, url, file, signal))
  if (state === 'same') return file
  if (state === 'other') throw differs()
  throw lost('The core took the file and does not show it.')
}

/** A refusal may mean that the file is there already: it is looked at first. */
async function refused(prepared: PreparedUpload, answer: HttpResponse, attempt: Attempt): Promise<FilEvidence> {
  const { core, url, file } = prepared
  const refusal = refusalOf(core, answer, { kind: 'fil' })
  if (![400, 403, 409, 422].includes(answer.status)) throw fileRefusal(answer.status) ?? refusal.error
  const state = await within('The refused upload', () => fileState(core, url, file, attempt.signal))
  if (state === 'same') return file
  if (state === 'other') throw differs()
  if (answer.status === 403 && (await tooLarge(prepared, attempt.signal))) {
    const message = 'The core has lowered its bulkgrense: the next attempt sends the file in pieces.'
    throw nothing('NOARK5_FORBIGAENDE_FEIL', 'transient', message)
  }
  throw whyNoFile(refusal, answer.status)
}

/** 403 on an upload is how a core says "use pieces": its limit may have changed since it was read. */
async function tooLarge({ core, file, pieceBytes }: PreparedUpload, signal: AbortSignal): Promise<boolean> {
  if (!core.profile.chunks || (pieceBytes > 0 && file.sizeBytes > pieceBytes)) return false
  core.discovery.drop()
  const limit = await within('The limit for uploads', () => core.discovery.bulkgrenseBytes(signal))
  return limit > 0 && file.sizeBytes > limit
}

function whyNoFile({ error, means }: Refusal, status: number): HubError {
  if (means === 'blocked') return blocked()
  if (means === 'concurrent') return error
  if (status === 422) {
    const message = 'The core could not store the file (422).'
    return nothing('NOARK5_FORBIGAENDE_FEIL', 'transient', message)
  }
  return status === 400 ? (fileRefusal(status) ?? error) : error
}

function fileRefusal(status: number): HubError | undefined {
  if (status !== 400 && status !== 413 && status !== 415) return undefined
  const message = `The core refused the file with ${status}: its type, size, checksum or content.`
  return nothing('NOARK5_FIL_AVVIST', 'permanent', message, { path: 'dokumenter' })
}

/** An upload that broke off leaves a dokumentobjekt that takes no further one. */
function blocked() {
  const message =
    'An earlier upload to this dokumentobjekt broke off, and no further one is possible. Delete it in the archive and order a new one.'
  return nothing('NOARK5_OPPLASTING_SPERRET', 'permanent', message)
}

function lost(because: string) {
  return failed('NOARK5_UKJENT_UTFALL', 'unknown-outcome', because)
}

/** The archive holds a file with other content under our dokumentobjekt. */
export function differs() {
  const message =
    'The file read back from the core has another size or SHA-256 than the one sent. Compare them by hand.'
  return failed('NOARK5_FIL_AVVIKER', 'unknown-outcome', message)
}
