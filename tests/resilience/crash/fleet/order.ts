import { realIds, realTime } from '@samband/process'
import { openPostgres } from '@samband/store/postgres'
import type { ArchiveReceived } from '../../../support/simulators.ts'
import type { Letter } from '../letters.ts'

/** A row of the archiver's inbox that is done: which letter, and which lane it stood in. */
export interface Placed {
  readonly lane: string
  readonly acceptedId: string
}

/** The rows that filed letters, in the order of their places. Those an operator has touched are left out. */
export async function readPlaces(url: string): Promise<readonly Placed[]> {
  const { store } = await openPostgres({
    settings: { url, schema: 'samband', poolSize: 2 },
    time: realTime(),
    ids: realIds(),
  })
  try {
    const rows = await store.read('fleet.places', (tx) =>
      tx.all<{ lane: string; accepted_id: string }>(
        `SELECT lane, accepted_id FROM inbox i WHERE handler = 'journal.reserver' AND state = 'done'
         AND NOT EXISTS (SELECT 1 FROM audit u WHERE u.row_id = i.row_id) ORDER BY place`,
      ),
    )
    return rows.map(({ lane, accepted_id }) => ({ lane, acceptedId: accepted_id }))
  } finally {
    await store.close()
  }
}

/** Letters that were filed before one that stood ahead of them in the same lane (R7), one sentence each. */
export function judgeOrder(
  places: readonly Placed[],
  accepted: readonly Pick<Letter, 'forsendelseId' | 'eksternReferanse' | 'mark'>[],
  archive: Pick<ArchiveReceived, 'journalposter'>,
): string[] {
  const letters = new Map(accepted.map((letter) => [letter.forsendelseId, letter]))
  const filedAt = new Map(archive.journalposter.flatMap(({ marks }, at) => marks.map((mark) => [mark, at])))
  const furthest = new Map<string, number>()
  const findings: string[] = []
  for (const { lane, acceptedId } of places) {
    const letter = letters.get(acceptedId)
    const at = letter === undefined ? undefined : filedAt.get(letter.mark)
    if (at === undefined) continue
    const before = furthest.get(lane) ?? -1
    if (at < before) findings.push(`${letter?.eksternReferanse}: filed before a letter that stood ahead of it`)
    furthest.set(lane, Math.max(before, at))
  }
  return findings
}
