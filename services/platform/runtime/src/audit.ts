import type { Json, Tx } from '@samband/kernel'

/** Who does something by hand, and why. */
export interface Person {
  /** As the operator's client names the person; shown in the audit. */
  readonly person: string
  readonly klientId: string
}

/** One line of the audit. */
export interface AuditLine extends Person {
  readonly verb: string
  readonly reason: string
  readonly at: number
  readonly tenant?: string | undefined
  readonly acceptedId?: string | undefined
  readonly rowId?: number | undefined
  readonly details?: Json
}

/** Writes a line, in the transaction of what was done. */
export async function writeAudit(tx: Tx, line: AuditLine): Promise<void> {
  await tx.run(
    'INSERT INTO audit (at, person, klient_id, verb, reason, tenant, accepted_id, row_id, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    line.at,
    line.person,
    line.klientId,
    line.verb,
    line.reason,
    line.tenant ?? null,
    line.acceptedId ?? null,
    line.rowId ?? null,
    JSON.stringify(line.details ?? null),
  )
}

/** Two spellings of one name are one person, whichever client sent them: case, spaces and forms of Unicode do not make a second one. */
export function isSamePerson(one: string, other: string): boolean {
  const folded = (name: string) =>
    name.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replaceAll(/\s+/gu, ' ')
  return folded(one) === folded(other)
}
