import type { EventDefinition } from '../src/index.ts'
import { headerName } from '../src/index.ts'
import type { Example } from './examples.ts'
import type { Json } from './format-json.ts'
import type { JsonSchema } from './json-schema.ts'
import { dataSchema, envelopeSchema } from './json-schema.ts'

/** Version of AsyncAPI's Kafka binding. */
const KAFKA_BINDING = '0.5.0'

/** The AsyncAPI 3.0 document of all events: one channel per topic, CloudEvents in Kafka's binary mode. */
export function asyncApi(definitions: readonly EventDefinition<unknown>[], examples: readonly Example[]): Json {
  const topics = [...new Set(definitions.map((definition) => definition.topic))]
  const onTopic = (topic: string) => definitions.filter((definition) => definition.topic === topic)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Samband events',
      version: '1.0.0',
      description:
        'Events between the services of Samband, as CloudEvents 1.0 in binary mode. No event holds personal data: content lies encrypted in the payload store. Readers ignore fields and skip types they do not know, and know an event that comes again by its id.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((topic) => [topic, channel(topic, onTopic(topic))])),
    operations: Object.fromEntries(topics.map((topic) => [`publish-${topic}`, operation(topic, onTopic(topic))])),
    components: {
      schemas: { cloudEventHeaders: headers() },
      messages: Object.fromEntries(
        definitions.map((definition) => [
          definition.type,
          message(
            definition,
            examples.filter((example) => example.type === definition.type),
          ),
        ]),
      ),
    },
  }
}

function channel(topic: string, definitions: readonly EventDefinition<unknown>[]): Json {
  return {
    address: topic,
    title: topic,
    description: `Everything that happens to a ${topic}, in order per key.`,
    messages: Object.fromEntries(definitions.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }])),
    bindings: { kafka: { topic, bindingVersion: KAFKA_BINDING } },
  }
}

function operation(topic: string, definitions: readonly EventDefinition<unknown>[]): Json {
  return {
    action: 'send',
    channel: { $ref: `#/channels/${topic}` },
    title: `Publish to ${topic}`,
    summary: 'Published from the outbox, after the commit, in order per key; publishing twice is harmless.',
    messages: definitions.map(({ type }) => ({ $ref: `#/channels/${topic}/messages/${type}` })),
  }
}

function message(definition: EventDefinition<unknown>, examples: readonly Example[]): Json {
  const { $schema: _, $id: __, ...payload } = dataSchema(definition, 'draft-07')
  return {
    name: definition.type,
    title: definition.type,
    summary: definition.describe,
    contentType: 'application/json',
    headers: {
      allOf: [
        { $ref: '#/components/schemas/cloudEventHeaders' },
        { type: 'object', properties: { [headerName('type')]: { type: 'string', const: definition.type } } },
      ],
    },
    payload,
    correlationId: {
      description: 'The accepted id that the whole chain serves.',
      location: `$message.header#/${headerName('correlationid')}`,
    },
    bindings: {
      kafka: {
        key: { type: 'string', description: 'The partitionkey of the envelope.' },
        bindingVersion: KAFKA_BINDING,
      },
    },
    examples: examples.filter((example) => example.valid).map(messageExample),
  }
}

function messageExample(example: Example): Json {
  const { data, ...attributes } = example.event as { readonly [name: string]: Json }
  return {
    name: example.name.replace(/\.json$/, ''),
    headers: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [headerName(name), value])),
    payload: data ?? null,
  }
}

/** The envelope's schema with the attributes spelled as headers. */
function headers(): Json {
  const { $schema: _, $id: __, title: ___, properties, required, ...rest } = envelopeSchema('draft-07')
  return {
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties as JsonSchema).map(([name, schema]) => [headerName(name), schema]),
    ),
    required: (required as readonly string[]).map(headerName),
  }
}
