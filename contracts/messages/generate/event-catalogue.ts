import type { EventDefinition } from '../src/index.ts'
import type { Json } from './format-json.ts'
import type { JsonSchema } from './json-schema.ts'
import { dataSchema, envelopeSchema } from './json-schema.ts'

/** Longer patterns are left to the schema, so that the table stays readable. */
const LONGEST_PATTERN = 50

/** The event catalogue in Markdown: the envelope, then every event with its fields. */
export function eventCatalogue(definitions: readonly EventDefinition<unknown>[]): string {
  return [
    '# Event catalogue',
    '',
    'Generated from the zod schemas by `contracts/messages/generate/main.ts`; do not edit. What may change, and how, stands in',
    '[compatibility.md](compatibility.md); the nouns stand in [glossary.md](glossary.md).',
    '',
    '| event | topic | says |',
    '| --- | --- | --- |',
    ...definitions.map(
      ({ type, topic, describe }) => `| [\`${type}\`](#${anchor(type)}) | \`${topic}\` | ${describe} |`,
    ),
    '',
    'No event holds personal data. Readers ignore fields they do not know; writers may not write any.',
    '',
    '## Envelope',
    '',
    "CloudEvents 1.0. In Kafka's binary mode each attribute is a header `ce_<name>`, except `datacontenttype`, which is `content-type`;",
    'the value of the record is the data as JSON, its key the `partitionkey`. Header values are UTF-8 as they stand, without percent-encoding.',
    '',
    ...fieldTable(envelopeSchema()),
    ...definitions.flatMap(eventSection),
    '',
  ].join('\n')
}

function eventSection(definition: EventDefinition<unknown>): readonly string[] {
  const examples = `../messages/examples/${definition.type}`
  return [
    '',
    `## ${definition.type}`,
    '',
    `${definition.describe} Topic \`${definition.topic}\`. [Schema](../messages/schemas/${definition.type}.schema.json), [examples](${examples}).`,
    '',
    ...fieldTable(dataSchema(definition)),
  ]
}

function fieldTable(schema: JsonSchema): readonly string[] {
  return ['| field | form | required | meaning |', '| --- | --- | --- | --- |', ...rows(schema, '')]
}

function rows(schema: JsonSchema, prefix: string): readonly string[] {
  const required = new Set((schema['required'] ?? []) as readonly string[])
  return Object.entries((schema['properties'] ?? {}) as { readonly [name: string]: JsonSchema }).flatMap(
    ([name, field]) => {
      const items = field['items'] as JsonSchema | undefined
      const label = `${prefix}${name}${items === undefined ? '' : '[]'}`
      const row = `| \`${label}\` | ${form(field)} | ${required.has(name) ? 'yes' : ''} | ${cell(field['description'] ?? '')} |`
      return [row, ...rows(items ?? field, `${label}.`)]
    },
  )
}

function form(field: JsonSchema): string {
  if (field['const'] !== undefined) return `\`${String(field['const'])}\``
  if (field['enum'] !== undefined)
    return (field['enum'] as readonly Json[]).map((value) => `\`${String(value)}\``).join(', ')
  const limits = [
    limit(field['format'], (value) => (field['pattern'] === 'Z$' ? `${value} in UTC` : String(value))),
    limit(field['pattern'] === 'Z$' ? undefined : field['pattern'], (value) =>
      String(value).length > LONGEST_PATTERN ? 'pattern in the schema' : `\`${cell(value)}\``,
    ),
    limit(field['minLength'], (value) => `at least ${value} characters`),
    limit(field['maxLength'], (value) => `at most ${value} characters`),
    limit(field['minimum'], (value) => `at least ${value}`),
    limit(field['minItems'], (value) => `at least ${value}`),
    limit(field['maxItems'], (value) => `at most ${value}`),
  ]
  return [String(field['type'] ?? 'any'), ...limits.flat()].join(', ')
}

function limit(value: Json | undefined, words: (value: Json) => string): readonly string[] {
  return value === undefined ? [] : [words(value)]
}

/** Text that may stand in a cell of a table. */
function cell(value: Json): string {
  return String(value).replaceAll('|', '\\|')
}

/** The anchor that Markdown viewers give a heading: lower case, without dots. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll('.', '')
}
