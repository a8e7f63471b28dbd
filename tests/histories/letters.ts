import { sleep } from '@samband/kernel'
import { acceptedIdOf } from '@samband/runtime'
import type { Process } from './processes.ts'
import type { Random } from './random.ts'
import { basicOf, multipart, TENANTS } from './surroundings.ts'
import type { World } from './world.ts'

/** A letter that a client of a history hands in. */
export interface Letter {
  readonly tenant: string
  readonly eksternReferanse: string
  readonly acceptedId: string
  /** Stands in its documents and, where it is filed, in the title of its journalpost. */
  readonly mark: string
  readonly documents: number
  /** The sender's key of the case, where it is filed. */
  readonly noekkel: string | undefined
  /** The klasse it asks for; one of them is missing in the core until the end. */
  readonly klasse: string
  /** A client that gives up after its first failure. */
  readonly impatient: boolean
  /** The client sends it again although it has its answer. */
  readonly repeats: boolean
  readonly body: Buffer
  answered: boolean
}

const RECIPIENTS = ['15859099928', '03851598730', '311094688']

/** Chooses the letters of a history; with `oneCase` they belong to one case of one tenant. */
export function chooseLetters(random: Random, oneCase: boolean): Letter[] {
  const count = random.between(oneCase ? 3 : 2, 5)
  return Array.from({ length: count }, (_, number) => {
    const tenant = oneCase || random.chance(0.75) ? TENANTS[0] : TENANTS[1]
    const eksternReferanse = `sak-2026-${number + 1}`
    const mark = `M${number + 1}-${random.between(1000, 9999)}`
    const documents = random.between(1, 2)
    const noekkel = oneCase || random.chance(0.6) ? `sak-${oneCase ? 1 : random.between(1, 2)}` : undefined
    const klasse = random.chance(0.12) ? 'X99' : 'L42'
    const digitalId = random.pick(RECIPIENTS)
    const letter = {
      tenant,
      eksternReferanse,
      acceptedId: acceptedIdOf(tenant, eksternReferanse),
      mark,
      documents,
      noekkel,
      klasse,
      impatient: random.chance(0.3),
      repeats: random.chance(0.25),
      answered: false,
    }
    return { ...letter, body: bodyOf(letter, digitalId) }
  })
}

function bodyOf(letter: Omit<Letter, 'body'>, digitalId: string): Buffer {
  const documents = Array.from({ length: letter.documents }, (_, place) => ({
    filnavn: `vedtak-${place + 1}.txt`,
    mimeType: 'text/plain',
    content: Buffer.from(`Dokument ${place + 1}. SAMBAND-MARK:${letter.mark} slutt.`),
  }))
  const forsendelse = {
    tittel: 'Vedtak',
    mottaker: { navn: 'Syntetisk Mottaker', digitalId },
    kunDigitalLevering: true,
    eksternReferanse: letter.eksternReferanse,
    dokumenter: documents.map(({ filnavn, mimeType }) => ({ filnavn, mimeType })),
    ...(letter.noekkel === undefined
      ? {}
      : {
          arkiv: {
            klasse: letter.klasse,
            saksmappe: { noekkel: letter.noekkel, tittel: `Sak ${letter.noekkel}` },
            journalpost: { tittel: `Vedtak SAMBAND-MARK:${letter.mark}` },
          },
        }),
  }
  return multipart('grense', forsendelse, documents)
}

const ANSWER_WITHIN_MS = 40_000

/**
 * Hands a letter in until it is answered with a 2xx, as a client does: again after a failure, a refusal or silence, at whichever process
 * is up.
 */
export async function handIn(
  world: World,
  random: Random,
  letter: Letter,
  anyProcess: () => Process | undefined,
): Promise<void> {
  let left = letter.repeats ? 2 : 1
  for (let tries = 0; tries < 400 && left > 0; tries++) {
    const status = await tryOnce(world, letter, anyProcess())
    if (status === 202 || status === 200) {
      letter.answered = true
      left -= 1
    } else if (letter.impatient && !letter.answered) return
    await sleep(world.time.timers, random.between(2_000, 20_000))
  }
  if (!letter.answered) throw new Error(`${letter.eksternReferanse} was never answered`)
}

/** One attempt; `undefined` when there was no answer. */
async function tryOnce(world: World, letter: Letter, at: Process | undefined): Promise<number | undefined> {
  if (at === undefined) return undefined
  const answer = new Promise<number | undefined>((resolve) => {
    const cancel = world.schedule(world.nowMs + ANSWER_WITHIN_MS, () => resolve(undefined))
    at.machine.deliver(() => {
      void post(at, letter).then(
        (status) => {
          // A dead process answers nobody, a frozen one later than anybody waits for.
          if (!at.machine.alive || at.machine.frozen) return
          cancel()
          resolve(status)
        },
        () => {
          cancel()
          resolve(undefined)
        },
      )
    })
  })
  const status = await answer
  world.note(`client: ${letter.eksternReferanse} ${status ?? 'no answer'}`, true)
  return status
}

async function post(at: Process, letter: Letter): Promise<number> {
  const { app } = at.hub
  const token = await app.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { authorization: basicOf(letter.tenant), 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'grant_type=client_credentials',
  })
  if (token.statusCode !== 200) return token.statusCode
  const { access_token } = token.json<{ access_token: string }>()
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/forsendelser',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'multipart/form-data; boundary=grense' },
    payload: letter.body,
  })
  if (answer.statusCode >= 400 && answer.statusCode !== 503)
    throw new Error(`the hub refused a letter with ${answer.statusCode}: ${answer.body}`)
  return answer.statusCode
}
