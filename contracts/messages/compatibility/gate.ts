import type { Example } from '../generate/examples.ts'
import { readExamples } from '../generate/examples.ts'
import { dataSchema, ENVELOPE, envelopeSchema } from '../generate/json-schema.ts'
import type { EventDefinition } from '../src/index.ts'
import { ContractError, EVENTS, parseEvent } from '../src/index.ts'
import { digest } from './canonical.ts'
import { compareSchemas } from './compare.ts'
import type { Contract, Lock } from './lock.ts'
import { readLock, readReleased, releasedFileProblems, shrunkLockProblems } from './lock.ts'
import type { Change } from './rules.ts'
import { RULES } from './rules.ts'

/** What the gate found. */
export interface GateReport {
  /** Why the change must not go in; empty when it may. */
  readonly problems: readonly string[]
  /** Worth knowing, and no obstacle. */
  readonly notes: readonly string[]
}

/** The envelope and all event types as the code declares them. */
export function currentContracts(definitions: readonly EventDefinition<unknown>[] = EVENTS): readonly Contract[] {
  return [
    { name: ENVELOPE, schema: envelopeSchema() },
    ...definitions.map((definition) => ({
      name: definition.type,
      topic: definition.topic,
      schema: dataSchema(definition),
    })),
  ]
}

/**
 * Checks the contracts against everything that was ever released: that released files and examples stand untouched, that every
 * revision can still be read and its readers can read what is written now, and that every example is judged as its name says.
 * @param base the lock of the branch to merge into, to prove that the lock only grew
 */
export function runGate(
  messagesRoot: string,
  { contracts = currentContracts(), base }: { readonly contracts?: readonly Contract[]; readonly base?: Lock } = {},
): GateReport {
  const lock = readLock(messagesRoot)
  const examples = readExamples(messagesRoot)
  return {
    problems: [
      ...(base === undefined ? [] : shrunkLockProblems(base, lock)),
      ...releasedFileProblems(messagesRoot, lock),
      ...Object.keys(lock.contracts).flatMap((name) => contractProblems(messagesRoot, lock, name, contracts)),
      ...exampleProblems(lock, examples),
    ],
    notes: contracts
      .filter(({ name }) => lock.contracts[name] === undefined)
      .map(({ name }) => `${name} is not released yet and may still change freely.`),
  }
}

function contractProblems(
  messagesRoot: string,
  lock: Lock,
  name: string,
  contracts: readonly Contract[],
): readonly string[] {
  const contract = contracts.find((candidate) => candidate.name === name)
  if (contract === undefined) return [problem(name, '', 'event type removed', 'its release')]
  return (lock.contracts[name] ?? []).flatMap(({ revision, topic }) => {
    const released = readReleased(messagesRoot, name, revision)
    const findings = released === undefined ? [] : compareSchemas(released, contract.schema)
    return [
      ...(topic === contract.topic ? [] : [problem(name, '', 'topic changed', `revision ${revision}`)]),
      ...findings
        .filter(({ change }) => RULES[change].verdict === 'forbidden')
        .map(({ path, change }) => problem(name, path, change, `revision ${revision}`)),
    ]
  })
}

function problem(name: string, path: string, change: Change, against: string): string {
  const { breaks, why } = RULES[change]
  const field = path === '' ? '' : `, field ${path}`
  const who = breaks === 'neither' ? '' : ` Breaks ${breaks === 'both' ? 'both directions' : breaks}.`
  return `${name}${field}: ${change} since ${against}. ${why}${who} Make it a new version beside the old one.`
}

function exampleProblems(lock: Lock, examples: readonly Example[]): readonly string[] {
  const present = new Map(examples.map((example) => [`${example.type}/${example.name}`, digest(example.event)]))
  return [
    ...Object.entries(lock.examples)
      .filter(([file, sha256]) => present.get(file) !== sha256)
      .map(
        ([file]) =>
          `examples/${file} was changed or removed after its release. Restore it, and add another one instead.`,
      ),
    ...examples.flatMap(judgement),
  ]
}

/** A sentence when an example is not judged as its name says. */
function judgement(example: Example): readonly string[] {
  const file = `examples/${example.type}/${example.name}`
  try {
    parseEvent(example.event)
    return example.valid ? [] : [`${file} is accepted; it must be refused at "${example.path}".`]
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    if (example.valid) return [`${file} is refused: ${error.message}`]
    return error.details.path === example.path
      ? []
      : [`${file} is refused at "${error.details.path}", not at "${example.path}".`]
  }
}
