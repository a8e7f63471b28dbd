import type { Candidate, CheckedText } from './candidates.ts'
import { OPERATORS } from './candidates.ts'
import type { Fault } from './faults.ts'

/** What the decision rests on beside the files. */
export interface Standing {
  /** By orgnr or `operators`. */
  readonly inForce: ReadonlyMap<string, CheckedText>
  /** Fingerprints of keys that may never change, by orgnr; also of tenants that are not in force right now. */
  readonly keys: ReadonlyMap<string, string>
}

/** What is to come into force, and what each other file is refused for. A file in neither is in force as it is. */
export interface Decision {
  readonly accepted: readonly Candidate[]
  readonly refused: ReadonlyMap<Candidate, readonly Fault[]>
}

/**
 * Decides over all files together. Whoever is in force keeps what it has: of two files that want the same klientId the
 * newcomer is refused, and both when neither is in force with it.
 */
export function decide(candidates: readonly Candidate[], standing: Standing): Decision {
  const refused = new Map<Candidate, readonly Fault[]>()
  let pending: Candidate[] = []
  for (const candidate of candidates) {
    const faults = [
      ...candidate.faults,
      ...sameOwnerFaults(candidate, candidates),
      ...changedKeyFaults(candidate, standing.keys),
    ]
    if (faults.length > 0) refused.set(candidate, faults)
    else if (!isInForce(candidate, standing)) pending.push(candidate)
  }
  const holders = new Map<string, string>()
  for (const [key, { klientIds }] of standing.inForce) for (const klientId of klientIds) holders.set(klientId, key)

  // One that gives up a klientId may free another one, so it goes on until nothing moves.
  const accepted: Candidate[] = []
  for (let moved = true; moved; ) {
    const free = pending.filter((candidate) => klientFaults(candidate, candidates, holders).length === 0)
    for (const candidate of free) {
      for (const [klientId, key] of holders) if (key === candidate.key) holders.delete(klientId)
      for (const klientId of candidate.klientIds) holders.set(klientId, candidate.key ?? '')
    }
    accepted.push(...free)
    pending = pending.filter((candidate) => !free.includes(candidate))
    moved = free.length > 0
  }
  for (const candidate of pending) refused.set(candidate, klientFaults(candidate, candidates, holders))
  return { accepted, refused }
}

function isInForce({ key, text, secretsDigest }: Candidate, { inForce }: Standing): boolean {
  const standing = inForce.get(key ?? '')
  return standing?.text === text && standing.secretsDigest === secretsDigest
}

function sameOwnerFaults({ file, key }: Candidate, candidates: readonly Candidate[]): Fault[] {
  const others = candidates.filter((other) => other.file !== file && other.key === key && key !== undefined)
  return others.map((other) => ({
    path: key === OPERATORS ? '' : 'orgnr',
    expected: key === OPERATORS ? 'one file of operators' : 'an orgnr that no other file has',
    came: `the same as in ${other.file}`,
    todo: 'Remove one of the two files, or correct its orgnr.',
  }))
}

/** Refuses another payloadKey or hmacKey than the tenant was first accepted with, by whichever process. */
export function changedKeyFaults({ key, keys, content }: CheckedText, known: ReadonlyMap<string, string>): Fault[] {
  const before = known.get(key ?? '')
  if (content === undefined || before === undefined || before === keys) return []
  const parts = before.split(' ')
  return keys
    .split(' ')
    .filter((part) => !parts.includes(part))
    .map((part) => ({
      path: part.split('=')[0] ?? '',
      expected: 'the key this tenant was first accepted with',
      came: 'another key',
      todo: 'Put the former key back: payloads and effects rest on it.',
    }))
}

function klientFaults(
  candidate: Candidate,
  candidates: readonly Candidate[],
  holders: ReadonlyMap<string, string>,
): Fault[] {
  return candidate.klientIds.flatMap((klientId, index) => {
    const holder = holders.get(klientId)
    if (holder === candidate.key) return []
    const rival = candidates.find((other) => other.file !== candidate.file && other.klientIds.includes(klientId))
    if (holder === undefined && rival === undefined) return []
    const list = candidate.key === OPERATORS ? '' : 'klienter'
    return [
      {
        path: `${list}[${index}].klientId`,
        expected: 'a klientId that no other file uses',
        came: `one that is used in ${rival?.file ?? `what is in force for ${holder}`}`,
        todo: 'Give one of the two another klientId.',
      },
    ]
  })
}
