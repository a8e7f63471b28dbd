import type { EventBus, Store } from '@samband/kernel'
import { completionOf } from '@samband/letter-record'
import { ACCOUNT_CLASSES, type AccountLine, readAccount } from '@samband/runtime'
import { HUB_GROUP } from './unread-log.ts'

/** The account of the stopped hub, with its own log. */
export async function accountOfHub(source: Store, bus: EventBus): Promise<readonly AccountLine[]> {
  const topics = await source.read('move.topics', (tx) => tx.all<{ topic: string }>('SELECT topic FROM bus_topic'))
  const readers = { groups: [HUB_GROUP], topics: topics.map(({ topic }) => topic) }
  return readAccount({ store: source, bus, ...readers, completion: completionOf(source) }, { tenants: 'alle' })
}

/** The account of the copy. Its topics are empty, and what is still to be read stands in its outbox: nobody has to have read anything. */
export async function accountOfTarget(target: Store, bus: EventBus): Promise<readonly AccountLine[]> {
  return readAccount(
    { store: target, bus, groups: [], topics: [], completion: completionOf(target) },
    { tenants: 'alle' },
  )
}

/** Accepted ids that nobody has. */
export function unaccounted(lines: readonly AccountLine[]): readonly string[] {
  return lines.flatMap(({ classes }) => classes.unaccounted)
}

/** Ids that are in another class than before, or on one side alone. Empty when the accounts are equal. */
export function differences(before: readonly AccountLine[], after: readonly AccountLine[]): readonly string[] {
  const [one, other] = [classesById(before), classesById(after)]
  return [...new Set([...one.keys(), ...other.keys()])].filter((id) => one.get(id) !== other.get(id)).sort()
}

function classesById(lines: readonly AccountLine[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap(({ tenant, day, classes }) =>
      ACCOUNT_CLASSES.flatMap((name) => classes[name].map((id) => [id, `${tenant} ${day} ${name}`] as const)),
    ),
  )
}
