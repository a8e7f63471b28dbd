import type { z } from 'zod'
import { ContractError, describeIssue, firstUnknownField, kindOf } from './contract-error.ts'

/** What an event type is made of. */
export interface EventSpec<Schema extends z.ZodObject> {
  /** `no.samband.<subject>.<happened>.v<n>`; a fact, in the past tense. */
  readonly type: string
  /** The topic it travels on; one per subject, so that order holds between the events of a subject. */
  readonly topic: string
  /** The noun the event is about; the third part of `type`. */
  readonly subject: string
  /** The ordering key: events with equal key stay in order. Pure, and never changed for a released type. */
  key(data: z.output<Schema>): string
  /** A plain `z.object`, neither strict nor loose, without transforms and defaults: what is read is what was written. */
  readonly data: Schema
  /** One sentence for the event catalogue. */
  readonly describe: string
}

/**
 * One version of one event type: a loose reader and a strict writer over the same schema.
 * @typeParam Data what a reader gets (branded ids)
 * @typeParam Input what a writer hands in (plain strings will do; they are checked)
 */
export interface EventDefinition<Data, Input = Data> {
  readonly type: string
  readonly topic: string
  readonly subject: string
  /** The number after `.v`. */
  readonly version: number
  readonly describe: string
  /** The zod schema of the data, for generators; readers and writers use `parse` and `write`. */
  readonly schema: z.ZodObject
  /**
   * Reads the data of an event. Fields that are not known, at any depth, are left out and never an error, since a newer
   * writer may have added them.
   * @throws ContractError CONTRACT_INVALID_DATA (permanent), `details.path` names the field
   */
  parse(data: unknown): Data
  /**
   * Checks what is about to be published. A field that is not known is refused, at any depth: otherwise personal content
   * could slip onto the bus, and a name in history could later get another meaning.
   * @throws ContractError CONTRACT_INVALID_DATA, CONTRACT_UNKNOWN_FIELD (permanent), `details.path` names the field
   */
  write(data: Input): Data
  /**
   * The ordering key of this event, for `partitionkey` and the key of the record.
   * @throws ContractError CONTRACT_INVALID_DATA when the key is empty
   */
  partitionKey(data: Data): string
}

/** The data that an event definition reads: `EventData<typeof ForsendelseMottattV1>`. */
export type EventData<Definition> = Definition extends { parse(data: unknown): infer Data } ? Data : never

/** The grammar of event types. */
export const EVENT_TYPE = /^no\.samband\.([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)\.v([1-9][0-9]*)$/

/**
 * Declares one version of an event type. Called while a module is loaded, so a slip in the declaration is seen at once.
 * @throws TypeError when the type does not follow the grammar, names another subject, or the schema is not a plain object
 */
export function defineEvent<Schema extends z.ZodObject>(
  spec: EventSpec<Schema>,
): EventDefinition<z.output<Schema>, z.input<Schema>> {
  const { type, topic, subject, describe } = spec
  const version = checkedVersion(spec)
  const parse = (data: unknown): z.output<Schema> => {
    const result = spec.data.safeParse(data)
    if (result.success) return result.data
    const { path, sentence } = describeIssue(result.error, data)
    throw new ContractError(
      'CONTRACT_INVALID_DATA',
      `${type}: ${path === '' ? 'the data' : `field "${path}"`} is not valid. ${sentence} Compare the sender with the event catalogue.`,
      path,
    )
  }
  return {
    type,
    topic,
    subject,
    version,
    describe,
    schema: spec.data,
    parse,
    write(data) {
      const written = parse(data)
      const unknown = firstUnknownField(data, written)
      if (unknown === undefined) return written
      throw new ContractError(
        'CONTRACT_UNKNOWN_FIELD',
        `${type}: field "${unknown}" is not part of this event. Leave it out, or add it to the contract as an optional field.`,
        unknown,
      )
    },
    partitionKey(data) {
      const key = spec.key(data)
      if (typeof key === 'string' && key !== '') return key
      throw new ContractError(
        'CONTRACT_INVALID_DATA',
        `${type}: expected an ordering key; what came is ${kindOf(key)}.`,
        'partitionkey',
      )
    },
  }
}

function checkedVersion(spec: EventSpec<z.ZodObject>): number {
  const [, subject, , version] = EVENT_TYPE.exec(spec.type) ?? []
  if (version === undefined) {
    throw new TypeError(`${spec.type}: an event type is spelled no.samband.<subject>.<happened>.v<n>`)
  }
  if (subject !== spec.subject) throw new TypeError(`${spec.type}: its subject is "${subject}", not "${spec.subject}"`)
  if (!/^[a-z][a-z0-9-]{0,99}$/.test(spec.topic))
    throw new TypeError(`${spec.type}: a topic is kebab-case, at most 100 characters`)
  if (spec.data.def.catchall !== undefined) {
    throw new TypeError(
      `${spec.type}: data must be a plain z.object; readers are loose and writers strict by themselves`,
    )
  }
  return Number(version)
}
