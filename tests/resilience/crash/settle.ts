import type { HubClient } from '../../support/hub-client.ts'

/** The hub waits a quarter of an hour at most between two attempts. */
const AT_MOST_MS = 18 * 60_000
/** Nothing has moved, and nothing was due, for so long: whoever is not done by then never will be. */
const STILL_MS = 60_000
const LOOK_EVERY_MS = 500
const ANSWER_WITHIN_MS = 20_000

interface Account {
  readonly linjer: readonly { readonly mottatt: number; readonly antall: Readonly<Record<string, number>> }[]
}

interface Failures {
  readonly grupper: readonly { readonly fingerprint: string; readonly kode: string; readonly melding: string | null }[]
}

/**
 * Waits until the hub's own account has every letter done that it has accepted. A row that failed often waits long for its next attempt:
 * that is waited for.
 * @param accepted how many letters clients have a 2xx for
 * @returns what is wrong, one sentence each
 */
export async function settle(operator: HubClient, hub: string, accepted: number): Promise<string[]> {
  const ask = <Body>(path: string) =>
    operator.get<Body>(hub, `/api/v1/drift/${path}`, AbortSignal.timeout(ANSWER_WITHIN_MS))
  const endMs = Date.now() + AT_MOST_MS
  let patienceMs = Date.now() + STILL_MS
  let before = ''
  for (;;) {
    const { linjer } = await ask<Account>('regnskap?dag=alle')
    const received = linjer.reduce((sum, { mottatt }) => sum + mottatt, 0)
    const done = linjer.reduce((sum, { antall }) => sum + (antall['ferdig'] ?? 0), 0)
    if (done === received) {
      return received === accepted ? [] : [`the account has ${received} letters, clients have a 2xx for ${accepted}`]
    }
    const now = JSON.stringify(linjer.map(({ antall }) => antall))
    if (now !== before) patienceMs = Date.now() + STILL_MS
    before = now
    if (Date.now() > patienceMs) {
      const { grupper } = await ask<Failures>('feil')
      const nextMs = await latestAttempt(ask, grupper)
      if (nextMs < Date.now() || Date.now() > endMs) {
        const causes = grupper.map(({ fingerprint, melding }) => `stuck: ${fingerprint} ${melding ?? ''}`)
        return [`${received - done} letters are not done: ${now}`, ...causes]
      }
      patienceMs = nextMs + STILL_MS
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

/** When the last of the waiting rows is tried again; 0 when none is waiting. */
async function latestAttempt(ask: <Body>(path: string) => Promise<Body>, groups: Failures['grupper']): Promise<number> {
  let latestMs = 0
  for (const { fingerprint } of groups) {
    const { rader } = await ask<{ rader: readonly { readonly nesteForsok: string | null }[] }>(
      `feil/${encodeURIComponent(fingerprint)}`,
    )
    for (const { nesteForsok } of rader) latestMs = Math.max(latestMs, Date.parse(nesteForsok ?? '1970-01-01'))
  }
  return latestMs
}
