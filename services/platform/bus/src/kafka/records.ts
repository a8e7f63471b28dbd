import type { BusRecord } from '@samband/kernel'
import type { KafkaMessage, Message } from 'kafkajs'

/** Stands before what was no text: a control character, which no field of the envelope may hold, so the inbox parks the record. */
const NOT_TEXT = '\u001abase64:'
/** Stands between the values of a header that was sent several times; a control character as well. */
const BETWEEN = '\n'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text as it stands; bytes that are no UTF-8 without loss, but so that nobody takes them for text. */
function textOf(bytes: Buffer | string): string {
  if (typeof bytes === 'string') return bytes
  try {
    return utf8.decode(bytes)
  } catch {
    return NOT_TEXT + bytes.toString('base64')
  }
}

function headerText(value: unknown): string | undefined {
  // A list may begin with what kafkajs found on Object.prototype, for a header called `constructor`.
  const values = (Array.isArray(value) ? value : [value]).filter(
    (one) => typeof one === 'string' || Buffer.isBuffer(one),
  )
  return values.length === 0 ? undefined : values.map(textOf).join(BETWEEN)
}

/**
 * A record of the log in the port's terms, whoever wrote it. A key that is null is the empty text, a value that is null (a tombstone)
 * has no bytes, a header without a value is left out; none of the three is anything this hub writes.
 */
export function fromMessage(topic: string, message: KafkaMessage): BusRecord & { readonly offset: number } {
  const headers = Object.entries(message.headers ?? {}).flatMap(([name, value]) => {
    const text = headerText(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  return {
    topic,
    key: message.key === null ? '' : textOf(message.key),
    headers: Object.fromEntries(headers),
    value: message.value === null ? new Uint8Array() : new Uint8Array(message.value),
    offset: Number(message.offset),
  }
}

/** A record as kafkajs sends it, to the partition that was chosen for it. */
export function toMessage(record: BusRecord, partition: number): Message {
  return {
    key: Buffer.from(record.key),
    value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
    headers: { ...record.headers },
    partition,
  }
}
