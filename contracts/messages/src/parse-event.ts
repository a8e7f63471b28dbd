import { EVENTS } from './catalogue.ts'
import { ContractError, describeIssue } from './contract-error.ts'
import type { EventDefinition } from './define-event.ts'
import type { CloudEvent } from './envelope.ts'
import { Envelope } from './envelope.ts'

/** The definition of an event type, or `undefined` when this version of the code does not know it. */
export function findEvent(type: string): EventDefinition<unknown> | undefined {
  return EVENTS.find((definition) => definition.type === type)
}

/**
 * Reads a whole event of any known type, envelope and data in one object, and checks that its `partitionkey` is the key which
 * the type orders by. Unknown fields are ignored at every level.
 * @throws ContractError (permanent) CONTRACT_INVALID_ENVELOPE, CONTRACT_UNKNOWN_TYPE, or CONTRACT_INVALID_DATA with a path below `data`
 */
export function parseEvent(event: unknown): CloudEvent<unknown> {
  const envelope = Envelope.safeParse(event)
  if (!envelope.success) {
    const { path, sentence } = describeIssue(envelope.error, event)
    throw new ContractError(
      'CONTRACT_INVALID_ENVELOPE',
      `Attribute "${path}" of the envelope is not valid. ${sentence}`,
      path,
    )
  }
  const definition = findEvent(envelope.data.type)
  if (definition === undefined) {
    throw new ContractError(
      'CONTRACT_UNKNOWN_TYPE',
      `${envelope.data.type}: not a type of the event catalogue. Is the reader older than the sender?`,
      'type',
    )
  }
  const data = parsedData(definition, event)
  if (definition.partitionKey(data) !== envelope.data.partitionkey) {
    throw new ContractError(
      'CONTRACT_INVALID_ENVELOPE',
      `${definition.type}: "partitionkey" is not the key that this type orders by.`,
      'partitionkey',
    )
  }
  return { ...envelope.data, data }
}

function parsedData(definition: EventDefinition<unknown>, event: unknown): unknown {
  const data = typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined
  try {
    return definition.parse(data)
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    throw belowData(error)
  }
}

/** The same error with its path as seen from the whole event. */
function belowData(error: ContractError): ContractError {
  const path = ['data', error.details.path].filter((part) => part !== '').join('.')
  return new ContractError(error.code, error.message, path, { cause: error })
}
