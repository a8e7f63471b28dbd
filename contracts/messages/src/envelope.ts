import { z } from 'zod'
import { ContractError, describeIssue, firstUnknownField } from './contract-error.ts'
import { EVENT_TYPE } from './define-event.ts'
import { EventId, ONE_LINE, Orgnr, Tidspunkt } from './ids.ts'

/** Highest number that `sequence` holds: the largest integer JavaScript counts without loss, 16 digits. */
const SEQUENCE_DIGITS = 16

const line = (max: number) => z.string().min(1).max(max).regex(ONE_LINE, 'Expected no control characters')

/**
 * Attributes of an event, as CloudEvents 1.0 names them: in lower case without separators. `tenant`, `partitionkey`,
 * `sequence`, `correlationid`, `causationid` and `traceparent` are extensions. Nothing in here is personal data.
 */
export const Envelope = z.object({
  specversion: z.literal('1.0').describe('Version of CloudEvents.'),
  id: EventId,
  type: z
    .string()
    .regex(EVENT_TYPE, 'Expected no.samband.<subject>.<happened>.v<n>')
    .describe('Event type with its version.'),
  source: z
    .string()
    .regex(/^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,200}$/, 'Expected a URI reference of at most 200 characters')
    .describe('The service that published, as a URI reference: /forsendelse-intake. Never an instance or a host.'),
  subject: line(200).describe('Business id of what the event is about, such as the forsendelseId.'),
  time: Tidspunkt.describe('When it happened, not when it was published; UTC, RFC 3339 with Z.'),
  datacontenttype: z.literal('application/json').describe('Media type of the data; JSON in UTF-8.'),
  tenant: Orgnr.describe('Organisasjonsnummer of the municipality that the event belongs to.'),
  partitionkey: line(200).describe('Ordering key, also the key of the record (CloudEvents partitioning extension).'),
  sequence: z
    .string()
    .regex(/^[0-9]{1,16}$/, 'Expected an integer of 1 to 16 digits')
    .describe(
      'Integer, consecutive per (source, partitionkey); zero-padded to 16 digits, so that it also sorts as text.',
    ),
  correlationid: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,100}$/, 'Expected an id of 1 to 100 characters')
    .describe('The accepted id that the whole chain serves: the forsendelseId (CloudEvents correlation extension).'),
  causationid: EventId.optional().describe('Id of the event that caused this one; absent on the first of a chain.'),
  traceparent: z
    .string()
    .regex(/^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/, 'Expected a W3C traceparent')
    .optional()
    .describe('W3C Trace Context of the work that led to the event (CloudEvents distributed tracing extension).'),
})
export type Envelope = z.infer<typeof Envelope>

/** An event as one value: envelope and data, as in CloudEvents' structured mode. */
export type CloudEvent<Data> = Envelope & { readonly data: Data }

/** Headers as a Kafka client hands them over: text or bytes, and a list when a header was sent more than once. */
export type HeaderSource = Readonly<
  Record<string, string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined>
>

const CONTENT_TYPE = 'content-type'

/** The header that carries an attribute in Kafka's binary mode (Kafka binding §3.2.1, §3.2.3.1). */
export function headerName(attribute: string): string {
  return attribute === 'datacontenttype' ? CONTENT_TYPE : `ce_${attribute}`
}

/**
 * `n` as the envelope's `sequence`: padded with zeros to 16 digits, since CloudEvents asks that it sorts as text.
 * @throws RangeError when `n` is no integer from 0 to 2^53 - 1
 */
export function toSequence(n: number): string {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError('toSequence: expected an integer from 0 to 2^53 - 1')
  return String(n).padStart(SEQUENCE_DIGITS, '0')
}

/** The number in an envelope's `sequence`, padded or not. */
export function fromSequence(sequence: string): number {
  return Number(sequence)
}

/**
 * The headers of a record in CloudEvents' binary mode; the data goes into the value, the `partitionkey` into the key.
 *
 * Values are plain text that the client encodes as UTF-8 (Kafka binding §3.2.3). There is no percent-encoding: that belongs
 * to the HTTP binding, and done here another reader would get `%20` for a space.
 * @throws ContractError CONTRACT_INVALID_HEADER (permanent), `details.path` names the header
 */
export function toHeaders(envelope: z.input<typeof Envelope>): Record<string, string> {
  const written = parsedEnvelope(envelope)
  const unknown = firstUnknownField(envelope, written)
  if (unknown !== undefined) throw invalidHeader(headerName(unknown), 'This attribute is not part of the envelope.')
  const headers: Record<string, string> = {}
  for (const [attribute, value] of Object.entries(written)) {
    if (value !== undefined) headers[headerName(attribute)] = value
  }
  return headers
}

/**
 * Reads the envelope of a record in CloudEvents' binary mode. Headers that are not known are ignored. A `ce_traceparent` that is
 * not valid is dropped rather than refused: no letter shall be parked for a broken trace (W3C Trace Context §2.2.3 says the same).
 * @throws ContractError CONTRACT_INVALID_HEADER (permanent), `details.path` names the header: missing, sent twice, not UTF-8, wrong
 */
export function fromHeaders(headers: HeaderSource): Envelope {
  const attributes: Record<string, string> = {}
  for (const attribute of Object.keys(Envelope.shape)) {
    const value = headerText(headers, headerName(attribute))
    if (value !== undefined) attributes[attribute] = value
  }
  if (attributes['datacontenttype'] !== undefined)
    attributes['datacontenttype'] = plainMediaType(attributes['datacontenttype'])
  const { traceparent } = attributes
  if (!Envelope.shape.traceparent.safeParse(traceparent).success) delete attributes['traceparent']
  return parsedEnvelope(attributes)
}

function parsedEnvelope(attributes: unknown): Envelope {
  const result = Envelope.safeParse(attributes)
  if (result.success) return result.data
  const { path, sentence } = describeIssue(result.error, attributes)
  throw invalidHeader(headerName(path), sentence)
}

function headerText(headers: HeaderSource, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (!(value instanceof Uint8Array)) {
    const [only, second] = value
    if (second !== undefined) throw invalidHeader(name, `Expected it once; it came ${value.length} times.`)
    return only === undefined ? undefined : headerText({ [name]: only }, name)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch (cause) {
    throw invalidHeader(name, `Expected UTF-8; ${value.length} bytes came that are not.`, cause)
  }
}

/** JSON is UTF-8 by definition, so a charset that says so changes nothing; anything else is left for the schema to refuse. */
function plainMediaType(value: string): string {
  return /^application\/json(\s*;\s*charset="?utf-8"?)?\s*$/i.test(value) ? 'application/json' : value
}

function invalidHeader(name: string, sentence: string, cause?: unknown): ContractError {
  return new ContractError(
    'CONTRACT_INVALID_HEADER',
    `Header "${name}" is not valid. ${sentence} Compare the sender with the event catalogue.`,
    name,
    { cause },
  )
}
