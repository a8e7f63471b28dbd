import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../../../deploy/local/installation/program.ts'
import { HubClient } from '../../support/hub-client.ts'
import { type LetterParts, letterForm } from '../../support/letter-form.ts'
import { type Simulators, startSimulators } from '../../support/simulators.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { makeClientKeys, testTenant, writeTenantFiles } from '../../support/tenant-files.ts'
import { type Departure, departures, readSystemCalls } from './system-calls.ts'

const ORGNR = '314758625'
const TIMING = { startWithinMs: 5_000, inFlightMs: 20_000, lookUpLagMs: 2_000 }
const CALLS =
  'fsync,fdatasync,write,pwrite64,pwritev,sendto,sendmsg,writev,rename,renameat,renameat2,openat,close,mkdir,mkdirat'
const PATIENCE_MS = 60_000

/** Letters of a traced run: through SvarUt alone, with arkiv, two in one case. */
const LETTERS: readonly LetterParts[] = [
  aLetter('sak-2026-1', 1),
  aLetter('sak-2026-2', 2, 'sak-1'),
  aLetter('sak-2026-3', 1, 'sak-1'),
  aLetter('sak-2026-4', 3),
]

/** How many documents the letters have, in the order they are sent. */
export const DOCUMENTS: readonly number[] = LETTERS.map(({ documents }) => documents.length)

function aLetter(eksternReferanse: string, documents: number, noekkel?: string): LetterParts {
  return {
    eksternReferanse,
    documents: Array.from({ length: documents }, (_, place) => ({
      filnavn: `vedtak-${place + 1}.txt`,
      mimeType: 'text/plain',
      content: Buffer.from(`Dokument ${place + 1} SAMBAND-MARK:${eksternReferanse} ${'x'.repeat(90_000)}`),
    })),
    ...(noekkel === undefined
      ? {}
      : { arkiv: { noekkel, journalpostTittel: `Vedtak SAMBAND-MARK:${eksternReferanse}` } }),
  }
}

/** Runs a hub under strace while letters go through one at a time, and tells what left it. Takes some seconds. */
export async function traceHub(without?: 'store-sync' | 'payload-sync' | 'folder-sync'): Promise<readonly Departure[]> {
  const folder = temporaryFolder('power-loss')
  const keys = makeClientKeys()
  const simulators = await startSimulators({
    tenants: [ORGNR],
    publicKeyPem: keys.publicKeyPem,
    inFlightLimitMs: 15_000,
    journey: [
      { status: 'MOTTATT', afterMs: 0 },
      { status: 'LEST', afterMs: 100 },
    ],
  })
  try {
    const tenantsFolder = join(folder.path, 'tenants')
    const secrets = writeTenantFiles(
      tenantsFolder,
      [testTenant(ORGNR)],
      simulators.urls,
      { timing: TIMING, statusPollMs: 500, ceiling: 4 },
      keys,
    )
    const trace = join(folder.path, 'calls.txt')
    const dataFolder = join(folder.path, 'data')
    const hub = startProgram({
      // -D: the hub is this process's own child and strace its grandchild, so signals reach the hub.
      before: ['strace', '-D', '-f', '-e', `trace=${CALLS}`, '-yy', '-s', '256', '-tt', '-o', trace],
      file: fileURLToPath(new URL('hub-process.ts', import.meta.url)),
      env: {
        ...secrets,
        SAMBAND_DATA: dataFolder,
        SAMBAND_TENANTS: tenantsFolder,
        SAMBAND_PORT: '0',
        SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
        SAMBAND_STATUS_ROUND_MS: '500',
        // Files go through system calls that strace sees, whatever the kernel offers.
        UV_USE_IO_URING: '0',
        ...(without === undefined ? {} : { POWER_LOSS_WITHOUT: without }),
      },
    })
    try {
      const { listening } = (await hub.ready) as { listening: string }
      await sendAll(listening, simulators)
      await hub.stop(10_000)
      const lines = readFileSync(trace, 'utf8').split('\n')
      return departures(readSystemCalls(lines), { dataFolder, port: Number(new URL(listening).port) })
    } finally {
      hub.signal('SIGKILL')
      await hub.ended
    }
  } finally {
    await simulators.program.stop(2_000)
    folder.remove()
  }
}

/** One letter at a time, to its end: whatever was written by then belongs to it or to those before. */
async function sendAll(hub: string, simulators: Simulators): Promise<void> {
  const tenant = testTenant(ORGNR)
  const client = new HubClient(tenant.klientId, tenant.klientSecret)
  for (const letter of LETTERS) {
    const { status, text } = await client.send(hub, letterForm(letter), AbortSignal.timeout(PATIENCE_MS))
    if (status !== 202) throw new Error(`${letter.eksternReferanse}: ${status} ${text}`)
    const untilMs = Date.now() + PATIENCE_MS
    while (!(await hasArrived(letter, simulators))) {
      if (Date.now() > untilMs) throw new Error(`${letter.eksternReferanse} does not arrive`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function hasArrived({ eksternReferanse, arkiv }: LetterParts, simulators: Simulators): Promise<boolean> {
  const sent = (await simulators.letters()).some(({ marks }) => marks.includes(eksternReferanse))
  if (!sent || arkiv === undefined) return sent
  const { journalposter } = await simulators.archive()
  return journalposter.some(({ marks, journalstatus }) => marks.includes(eksternReferanse) && journalstatus === 'E')
}
