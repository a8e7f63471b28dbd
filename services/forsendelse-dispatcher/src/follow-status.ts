import { asHubError, type BoundDestination } from '@samband/kernel'
import { type EventDefinition, ForsendelseStatusEndretV1 } from '@samband/messages'
import type { Poller, PollerContext, StoredDocument } from '@samband/runtime'
import { afterAnswer, type SeenStatus, STATUS_COLLECTION, type StatusWatch } from './domain/status-watch.ts'

/** What following the status needs. */
export interface FollowStatusOptions {
  /** Status search of SvarUt; only reads, safe to repeat. */
  readonly sokStatus: (
    to: BoundDestination,
    ids: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly SeenStatus[]>
  /** How often a tenant's letters are asked for, milliseconds. */
  readonly statusPollMs: (tenant: string) => number
  /** How often the list of what is due is looked at, milliseconds. */
  readonly everyMs: number
}

/** The specification names no limit of ids in one search; this many keep an answer small. */
const IDS_PER_SEARCH = 100

/** Asks SvarUt for the status of letters until it is final, and tells each change as an event. */
export function createStatusPoller(options: FollowStatusOptions): Poller {
  return {
    name: 'forsendelse-dispatcher.status',
    everyMs: options.everyMs,
    async poll(context) {
      const due = await context.due<StatusWatch>(STATUS_COLLECTION, 1_000)
      for (const letters of byDestination(due)) await ask(options, context, letters)
    },
  }
}

function byDestination(due: readonly StoredDocument<StatusWatch>[]): StoredDocument<StatusWatch>[][] {
  const groups = new Map<string, StoredDocument<StatusWatch>[]>()
  for (const letter of due) {
    const name = JSON.stringify(letter.body.destination)
    const group = groups.get(name) ?? []
    group.push(letter)
    groups.set(name, group)
  }
  return [...groups.values()].flatMap((group) => {
    const searches: StoredDocument<StatusWatch>[][] = []
    for (let from = 0; from < group.length; from += IDS_PER_SEARCH)
      searches.push(group.slice(from, from + IDS_PER_SEARCH))
    return searches
  })
}

async function ask(
  options: FollowStatusOptions,
  context: PollerContext,
  letters: readonly StoredDocument<StatusWatch>[],
): Promise<void> {
  const [first] = letters
  if (first === undefined) return
  const everyMs = options.statusPollMs(first.tenant)
  let answers: readonly SeenStatus[]
  try {
    answers = await options.sokStatus(
      first.body.destination,
      letters.map((letter) => letter.body.svarUtId),
      context.signal,
    )
  } catch (error) {
    context.log.warn('status of letters could not be read; it is asked again', {
      tenant: first.tenant,
      code: asHubError(error)?.code ?? 'defect',
      count: letters.length,
    })
    answers = []
  }
  const bySvarUtId = new Map(answers.map((answer) => [answer.id, answer]))
  for (const letter of letters) {
    // One answer that cannot be told must not stop the letters behind it: it is asked again later.
    await keep(context, letter, bySvarUtId.get(letter.body.svarUtId), everyMs).catch(async () => {
      context.log.error('a status could not be told; the letter is asked for again later', {
        svarUtId: letter.body.svarUtId,
      })
      await keep(context, letter, undefined, everyMs)
    })
  }
}

async function keep(
  context: PollerContext,
  letter: StoredDocument<StatusWatch>,
  seen: SeenStatus | undefined,
  everyMs: number,
): Promise<void> {
  const { watch, changed, dueAt } = afterAnswer(letter.body, seen, context.now(), everyMs)
  const events = changed
    ? [
        {
          definition: ForsendelseStatusEndretV1 as unknown as EventDefinition<unknown, never>,
          data: {
            forsendelseId: watch.forsendelseId,
            eksternReferanse: watch.eksternReferanse,
            svarUtId: watch.svarUtId,
            status: watch.status,
            endretTidspunkt: watch.endretTidspunkt,
          },
          name: `${watch.status} ${watch.endretTidspunkt}`,
          source: '/samband/forsendelse-dispatcher',
        },
      ]
    : []
  await context.keep({ collection: STATUS_COLLECTION, document: letter, body: watch, dueAt, events })
}
