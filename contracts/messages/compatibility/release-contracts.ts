import { readExamples } from '../generate/examples.ts'
import { digest } from './canonical.ts'
import { compareSchemas } from './compare.ts'
import { currentContracts, runGate } from './gate.ts'
import type { Contract, Lock, Revision } from './lock.ts'
import { readLock, readReleased, writeLock, writeReleased } from './lock.ts'

/**
 * Releases contracts as they stand: adds their schemas to `released/` and to the lock, together with their examples. Appends
 * only, and adds no revision where nothing but text has changed. Safe to repeat.
 * @param names which contracts; all of them when empty
 * @returns a sentence per contract
 * @throws Error when a name is not known, or when the gate has something against the change
 */
export function releaseContracts(
  messagesRoot: string,
  names: readonly string[],
  contracts: readonly Contract[] = currentContracts(),
): readonly string[] {
  const unknown = names.find((name) => !contracts.some((contract) => contract.name === name))
  if (unknown !== undefined)
    throw new Error(`${unknown}: no such contract. Known: ${contracts.map(({ name }) => name).join(', ')}`)
  const { problems } = runGate(messagesRoot, { contracts })
  if (problems.length > 0) throw new Error(`Nothing was released.\n${problems.join('\n')}`)

  const chosen = contracts.filter(({ name }) => names.length === 0 || names.includes(name))
  const lock = readLock(messagesRoot)
  const added = chosen.flatMap((contract) => newRevision(messagesRoot, lock, contract))
  for (const { contract, revision } of added)
    writeReleased(messagesRoot, contract.name, revision.revision, contract.schema)
  writeLock(messagesRoot, {
    contracts: {
      ...lock.contracts,
      ...Object.fromEntries(added.map(({ contract, revision }) => appended(lock, contract, revision))),
    },
    examples: { ...lock.examples, ...exampleDigests(messagesRoot, chosen) },
  })
  return chosen.map(({ name }) => {
    const now = added.find(({ contract }) => contract.name === name)
    return now === undefined ? `${name}: nothing new.` : `${name}: released as revision ${now.revision.revision}.`
  })
}

function newRevision(
  messagesRoot: string,
  lock: Lock,
  contract: Contract,
): readonly { readonly contract: Contract; readonly revision: Revision }[] {
  const latest = lock.contracts[contract.name]?.at(-1)
  const released = latest === undefined ? undefined : readReleased(messagesRoot, contract.name, latest.revision)
  if (
    released !== undefined &&
    compareSchemas(released, contract.schema).every(({ change }) => change === 'text changed')
  )
    return []
  const topic = contract.topic === undefined ? {} : { topic: contract.topic }
  return [{ contract, revision: { revision: (latest?.revision ?? 0) + 1, ...topic, sha256: digest(contract.schema) } }]
}

function appended(lock: Lock, contract: Contract, revision: Revision): readonly [string, readonly Revision[]] {
  return [contract.name, [...(lock.contracts[contract.name] ?? []), revision]]
}

function exampleDigests(messagesRoot: string, chosen: readonly Contract[]): { readonly [file: string]: string } {
  const examples = readExamples(messagesRoot).filter(({ type }) => chosen.some(({ name }) => name === type))
  return Object.fromEntries(examples.map(({ type, name, event }) => [`${type}/${name}`, digest(event)]))
}
