import type { Store, Time, Tx } from '@samband/kernel'
import { type Alarm, raiseAlarmOnce } from './alarms.ts'
import type { Handler } from './define-handler.ts'
import { questionDiscards } from './discards-in-question.ts'
import { correctAtStart } from './due-times.ts'
import { stableEffectName } from './effect-key.ts'
import { stableName } from './handler-run.ts'

/**
 * Before the first row is taken: renamed handlers are renamed, what the code does not know is parked (R21), leases of a former owner
 * of an exclusive store are void (R8). In a restored store discards are put in question. Returns the restore since which the store is distrusted, if any (R27).
 */
export async function prepareStore(
  store: Store,
  name: string,
  handlers: readonly Handler[],
  time: Time,
): Promise<string | undefined> {
  return store.transaction('runtime.prepare', async (tx) => {
    const now = time.clock.now()
    for (const handler of handlers) {
      for (const alias of handler.aliases)
        await tx.run('UPDATE inbox SET handler = ? WHERE handler = ?', handler.name, alias)
    }
    if (store.exclusive) {
      await tx.run(
        "UPDATE inbox SET state = 'waiting', lease_token = lease_token + 1, lease_holder = NULL WHERE state = 'running'",
      )
    }
    const known = new Set(handlers.map((handler) => handler.name))
    const knownEffects = new Set(
      handlers.flatMap((handler) =>
        handler.effects.map((effect) => `${stableName(handler)} ${stableEffectName(effect)}`),
      ),
    )
    const ours = await handlersOf(tx, name, handlers, store.exclusive)
    const open = await tx.all<{ handler: string }>("SELECT DISTINCT handler FROM inbox WHERE state = 'waiting'")
    for (const { handler } of open.filter((row) => ours.has(row.handler) && !known.has(row.handler))) {
      await parkUnknown(tx, "handler = ? AND state = 'waiting'", handler, `handler ${handler}`)
    }
    const openEffects = await tx.all<OpenEffect>(
      `SELECT e.handler, e.name, a.row_id, r.tenant, r.accepted_id, r.state FROM attempt a
       JOIN effect e ON e.effect_key = a.effect_key JOIN inbox r ON r.row_id = a.row_id WHERE a.state = 'open'`,
    )
    for (const effect of openEffects) {
      if (!ours.has(effect.handler) || knownEffects.has(`${effect.handler} ${effect.name}`)) continue
      await parkUnknown(tx, "row_id = ? AND state = 'waiting'", effect.row_id, `effect ${effect.name}`)
      if (effect.state === 'discarding') await raiseAlarmOnce(tx, nobodyAsks(effect, now))
    }
    const lastStart = await tx.one<{ value: string }>("SELECT value FROM meta WHERE name = 'last_start'")
    await correctAtStart(tx, Number(lastStart?.value ?? 0), now)
    const distrust = await tx.one<{ value: string }>("SELECT value FROM meta WHERE name = 'distrust_since'")
    await questionDiscards(tx, distrust?.value)
    await tx.run(
      "INSERT INTO meta (name, value) VALUES ('last_start', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      String(now),
    )
    return distrust?.value
  })
}

/**
 * Every handler that a runtime of this name has had on this store, kept there. Services that share a store have runtimes of other names, and
 * leave each other's rows alone. An exclusive store of an older release, which kept no list, is all ours.
 */
async function handlersOf(
  tx: Tx,
  name: string,
  handlers: readonly Handler[],
  alone: boolean,
): Promise<ReadonlySet<string>> {
  const kept = await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', `handlers ${name}`)
  const before =
    kept !== undefined
      ? (JSON.parse(kept.value) as string[])
      : alone
        ? (await tx.all<{ handler: string }>('SELECT DISTINCT handler FROM inbox')).map(({ handler }) => handler)
        : []
  const ours = new Set([...before, ...handlers.flatMap((handler) => [handler.name, ...handler.aliases])])
  if (kept === undefined || ours.size > before.length) {
    await tx.run(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      `handlers ${name}`,
      JSON.stringify([...ours].sort()),
    )
  }
  return ours
}

/** The name of the runtime that has, or had, a handler. */
export async function runtimeOf(tx: Tx, handler: string): Promise<string | undefined> {
  const kept = await tx.all<{ name: string; value: string }>(
    "SELECT name, value FROM meta WHERE name LIKE 'handlers %'",
  )
  const owner = kept.find(({ value }) => (JSON.parse(value) as string[]).includes(handler))
  return owner?.name.slice('handlers '.length)
}

/** An attempt without an answer, and its row. */
interface OpenEffect {
  readonly handler: string
  readonly name: string
  readonly row_id: number
  readonly tenant: string
  readonly accepted_id: string | null
  readonly state: string
}

/** A row that is being discarded is shown among no failures, and holds its lane until its question is answered. */
function nobodyAsks(effect: OpenEffect, at: number): Alarm {
  return {
    kind: 'unknown-name',
    at,
    tenant: effect.tenant,
    acceptedId: effect.accepted_id ?? undefined,
    rowId: effect.row_id,
    sentence: `A message that is being discarded has an open question of effect ${effect.name}, which this program does not know: nobody asks. Start the release that does, or answer by hand.`,
  }
}

async function parkUnknown(tx: Tx, where: string, value: string | number, what: string): Promise<void> {
  await tx.run(
    `UPDATE inbox SET state = 'parked', park_number = park_number + 1, lease_token = lease_token + 1, lease_holder = NULL, last_code = 'RUNTIME_UKJENT_NAVN', last_disposition = 'permanent',
       last_message = ?, fingerprint = handler || '|RUNTIME_UKJENT_NAVN|' WHERE ${where}`,
    `This program knows no ${what}: start the release that does, or give the new name an alias.`,
    value,
  )
}
