import { z } from 'zod'
import type { EventDefinition } from '../src/index.ts'
import { Envelope } from '../src/index.ts'
import type { Json } from './format-json.ts'
import { toJson } from './format-json.ts'

/** A JSON Schema whose root is an object. */
export type JsonSchema = { readonly [name: string]: Json }

/** The dialect of the committed schemas; draft 7 is what AsyncAPI's own schema object builds on. */
export type Dialect = 'draft-2020-12' | 'draft-07'

/** The name under which the envelope is generated, released and locked beside the event types. */
export const ENVELOPE = 'envelope'

/** JSON Schema of the data of an event: what a loose reader accepts. A strict writer adds no field beyond it. */
export function dataSchema(definition: EventDefinition<unknown>, dialect: Dialect = 'draft-2020-12'): JsonSchema {
  return { ...identity(definition.type, definition.describe, dialect), ...body(definition.schema, dialect) }
}

/** JSON Schema of the envelope. The check digit of `tenant` is more than JSON Schema can say; the zod schema checks it. */
export function envelopeSchema(dialect: Dialect = 'draft-2020-12'): JsonSchema {
  const describe =
    "Attributes of every event: CloudEvents 1.0 with Samband's extensions. In Kafka's binary mode each is a header ce_<name>."
  return { ...identity(ENVELOPE, describe, dialect), ...body(Envelope, dialect) }
}

function identity(name: string, description: string, dialect: Dialect): JsonSchema {
  const $schema =
    dialect === 'draft-07' ? 'http://json-schema.org/draft-07/schema#' : 'https://json-schema.org/draft/2020-12/schema'
  return { $schema, $id: `urn:samband:${name}`, title: name, description }
}

function body(schema: z.ZodObject, target: Dialect): JsonSchema {
  const generated = z.toJSONSchema(schema, {
    target,
    io: 'input',
    reused: 'inline',
    unrepresentable: 'throw',
    override: ({ jsonSchema }) => withoutZodPatterns(jsonSchema),
  })
  const { $schema: _, ...rest } = generated
  return toJson(rest) as JsonSchema
}

/**
 * zod spells its date formats out as long patterns, which may read differently in its next release. `format` says the same and
 * stays as it is; what it does not say, that instants are in UTC, stays as a pattern of our own.
 */
function withoutZodPatterns(schema: { format?: string; pattern?: string }): void {
  if (schema.format === 'date-time') schema.pattern = 'Z$'
  if (schema.format === 'date') delete schema.pattern
}
