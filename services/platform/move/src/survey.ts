import { asHubError } from '@samband/kernel'
import { TOPICS } from '@samband/messages'
import type { AccountLine } from '@samband/runtime'
import { accountOfHub, unaccounted } from './accounts.ts'
import { type PayloadSizes, sizesOf, strangersIn } from './copy-payloads.ts'
import type { NewHome, OldHome } from './installations.ts'
import { type TargetState, targetState } from './marks.ts'
import { CARRIED } from './tables.ts'
import { readUnreadLog, type UnreadLog } from './unread-log.ts'

/** What would be moved, and what stands in its way. */
export interface Survey {
  readonly target: TargetState
  /** The move was finished before; there is nothing to do. */
  readonly isDone: boolean
  readonly storeBytes: number
  /** Rows per table. */
  readonly rows: Readonly<Record<string, number>>
  readonly payloads: Readonly<Record<string, PayloadSizes>>
  readonly unread: UnreadLog
  readonly account: readonly AccountLine[]
  /** Sentences for the operator: what it is, and what to do. Empty when nothing stands in the way. */
  readonly obstacles: readonly string[]
}

/** Looks at both sides and changes nothing. Reads the end of every content. */
export async function survey(from: OldHome, to: NewHome): Promise<Survey> {
  const obstacles: string[] = []
  const target = await tried(obstacles, 'databasen', async () => targetState(await to.look(), from.leaving.identity))
  const isDone = target === 'done' && from.leaving.movedTo === to.description
  // Afterwards topics and bucket have what the services have made.
  if (!isDone && target !== undefined) obstacles.push(...ofTarget(target, from, to), ...(await ofTopics(to)))
  const unread = await readUnreadLog(from.store)
  if (unread.strangers > 0)
    obstacles.push(
      `${unread.strangers} hendelser i loggen er ikke lest inn og står ikke i utboksen. Start navet, la det lese loggen ut, stopp det og prøv igjen.`,
    )
  const account = await accountOfHub(from.store, from.bus)
  const lost = unaccounted(account)
  if (lost.length > 0)
    obstacles.push(
      `Regnskapet stemmer ikke: ${lost.length} mottatte brev er i ingen klasse (${lost.slice(0, 3).join(', ')}). Finn ut av dem først: journey.`,
    )
  return {
    target: target ?? 'empty',
    isDone,
    storeBytes: from.leaving.sizeBytes,
    rows: await countRows(from),
    payloads: isDone ? {} : await ofPayloads(obstacles, from, to),
    unread,
    account,
    obstacles,
  }
}

function ofTarget(state: TargetState, from: OldHome, to: NewHome): readonly string[] {
  const gone = from.leaving.movedTo
  if (gone !== undefined && gone !== to.description)
    return [`Installasjonen er alt flyttet til ${gone}. Sett SAMBAND_POSTGRES_URL og SAMBAND_POSTGRES_SCHEMA dit.`]
  if (gone !== undefined && state === 'empty')
    return [
      `Installasjonen er flyttet til ${gone}, men der er ingenting. Er databasen tapt, legg en sikkerhetskopi tilbake der.`,
    ]
  switch (state) {
    case 'not empty':
      return [
        `${to.description} er ikke tomt: en installasjon bruker det, eller tjenester har vært startet på det. Velg et annet skjema (SAMBAND_POSTGRES_SCHEMA), eller stopp tjenestene og slett skjemaet hvis ingen trenger det.`,
      ]
    case 'half-done of another':
      return [
        `I ${to.description} står en halv flytting av en annen installasjon. Velg et annet skjema, eller slett det hvis den flyttingen er oppgitt.`,
      ]
    case 'done':
      return [
        `I ${to.description} går denne installasjonen alt, men mappen er en annen enn den som ble flyttet. Skal den begynne på nytt der, stopp tjenestene og slett skjemaet først.`,
      ]
    default:
      return []
  }
}

async function ofTopics(to: NewHome): Promise<readonly string[]> {
  const obstacles: string[] = []
  for (const topic of TOPICS) {
    try {
      const ends = await to.bus.ends(topic)
      if (ends.some(({ endOffset }) => endOffset > 0))
        obstacles.push(
          `Emnet ${topic} er ikke tomt: en installasjon bruker det, eller har brukt det. Tjenestene begynner ved emnets start, og kan ikke skille hendelsene. Lag emnene på nytt eller bruk en annen klynge.`,
        )
    } catch (error) {
      const known = asHubError(error)
      if (known === undefined) throw error
      obstacles.push(
        known.code === 'BUS_TOPIC_FINNES_IKKE'
          ? `Emnet ${topic} finnes ikke. Lag emnene først: node services/platform/bus/src/kafka/topics/main.ts (se deploy/kafka).`
          : `Kafka kan ikke spørres: ${known.message} (${known.code})`,
      )
      if (known.code !== 'BUS_TOPIC_FINNES_IKKE') break
    }
  }
  return obstacles
}

async function ofPayloads(
  obstacles: string[],
  from: OldHome,
  to: NewHome,
): Promise<Readonly<Record<string, PayloadSizes>>> {
  const sizes: Record<string, PayloadSizes> = {}
  for (const tenant of from.payloadTenants) {
    if (from.tenantsWithoutKey.includes(tenant)) {
      obstacles.push(
        `Innholdet til ${tenant} kan ikke leses: ingen fil i SAMBAND_TENANTS gjelder for kommunen. Legg den dit, med payloadKey.`,
      )
      continue
    }
    const own = await tried(obstacles, `innholdet til ${tenant}`, () => sizesOf(from.payloads, tenant))
    if (own !== undefined) sizes[tenant] = own
    const strangers = await tried(obstacles, 'objektlageret', () => strangersIn(from.payloads, to.payloads, tenant))
    if (strangers === undefined) return sizes
    if (strangers > 0)
      obstacles.push(
        `Bøtten har ${strangers} innhold for ${tenant} som ikke er i mappen. Bruk en tom bøtte, eller et annet SAMBAND_S3_PREFIX.`,
      )
  }
  return sizes
}

async function countRows(from: OldHome): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {}
  for (const { name } of CARRIED) {
    const found = await from.store.read('move.count', (tx) =>
      tx.one<{ count: number }>(`SELECT count(*) AS count FROM ${name}`),
    )
    rows[name] = found?.count ?? 0
  }
  return rows
}

/** What a port answers with one of our errors stands in the way, and is told with its code. */
async function tried<T>(obstacles: string[], what: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    const known = asHubError(error)
    if (known === undefined) throw error
    obstacles.push(`Det er en feil med ${what}: ${known.message} (${known.code})`)
    return undefined
  }
}
