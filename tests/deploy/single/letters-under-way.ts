import { join } from 'node:path'
import { HubClient } from '../../support/hub-client.ts'
import { letterForm } from '../../support/letter-form.ts'
import { type Simulators, startSimulators } from '../../support/simulators.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import {
  makeClientKeys,
  SHARED,
  TEST_ORGNR,
  type TestTenant,
  testTenant,
  writeTenantFiles,
} from '../../support/tenant-files.ts'
import { type Machine, put } from './machine.ts'

const TENANT: TestTenant = testTenant(TEST_ORGNR[0])
const TIMING = { startWithinMs: 1_000, inFlightMs: 2_500, lookUpLagMs: 500 }
const SVARUT_LIMIT_MS = 2_000
const ANSWER_WITHIN_MS = 20_000
const BETWEEN_MS = 150

/** A municipality on a machine, its other systems, and somebody who sends letters without a pause. */
export interface LettersUnderWay {
  readonly simulators: Simulators
  /** References of the letters a client has a 2xx for, in order. */
  readonly accepted: readonly string[]
  /** Resolves when `count` more letters have been accepted. */
  more(count: number): Promise<void>
  /** Sends no more. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** Starts the simulators and writes the municipality's files, the environment and the operator's onto the machine. */
export async function prepareLetters(machine: Machine, port: number): Promise<LettersUnderWay> {
  const { etc } = machine.roots
  const folder = temporaryFolder('letters')
  const keys = makeClientKeys()
  const simulators = await startSimulators({
    tenants: [TENANT.orgnr],
    publicKeyPem: keys.publicKeyPem,
    inFlightLimitMs: SVARUT_LIMIT_MS,
    journey: [{ status: 'LEST', afterMs: 300 }],
  })
  const tuning = { timing: TIMING, statusPollMs: 1_000, ceiling: 2 }
  const secrets = writeTenantFiles(folder.path, [TENANT], simulators.urls, tuning, keys)
  // As on a server: the files name files, and whoever administers it puts them there.
  for (const [name, secret] of Object.entries(secrets)) put(join(folder.path, 'secrets', name), secret)
  const fromEnvironment = `s|env:|file:${etc}/secrets/|g`
  const files = join(folder.path, `${TENANT.orgnr}.yaml`)
  put(
    join(folder.path, 'samband.env'),
    `SAMBAND_TOKEN_KEY=${Buffer.alloc(32, 7).toString('base64')}\nSAMBAND_PORT=${port}\n`,
  )
  put(
    join(folder.path, 'operators.yaml'),
    `- klientId: ${SHARED.operatorKlientId}\n  secret: env:DRIFT_HEMMELIGHET\n  scopes: [drift.les, drift.kopi]\n  kommuner: alle\n`,
  )
  put(
    join(folder.path, 'operator.env'),
    `SAMBAND_URL=http://127.0.0.1:${port}\nSAMBAND_KLIENT_ID=${SHARED.operatorKlientId}\nSAMBAND_KLIENT_SECRET=${SHARED.operatorSecret}\nSAMBAND_OPERATOR=sambandctl\n`,
  )
  const prepared = await machine.run(
    'bash',
    '-ec',
    `mkdir -p ${etc}/tenants ${etc}/secrets && chmod 0755 ${etc}/secrets
     cp ${folder.path}/secrets/* ${etc}/secrets/ && chmod 0644 ${etc}/secrets/*
     sed '${fromEnvironment}' ${files} >${etc}/tenants/kommune.yaml
     sed '${fromEnvironment}' ${folder.path}/operators.yaml >${etc}/tenants/operators.yaml
     cp ${folder.path}/samband.env ${folder.path}/operator.env ${etc}/`,
  )
  if (prepared.code !== 0) throw new Error(`the machine could not be prepared: ${prepared.text}`)

  const accepted: string[] = []
  const stopping = new AbortController()
  const sending = (async () => {
    const client = new HubClient(TENANT.klientId, TENANT.klientSecret)
    for (let number = 1; !stopping.signal.aborted; ) {
      const eksternReferanse = `brev-${number}`
      const content = Buffer.from(`%PDF-1.7 ${eksternReferanse}`)
      const documents = [{ filnavn: 'brev.pdf', mimeType: 'application/pdf', content }]
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
      // As a case-archive system does: the same letter again until it is accepted.
      const answer = await client
        .send(`http://127.0.0.1:${port}`, letterForm({ eksternReferanse, documents }), signal)
        .catch(() => undefined)
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) {
        accepted.push(eksternReferanse)
        number++
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
    }
  })()

  return {
    simulators,
    accepted,
    async more(count) {
      const enough = accepted.length + count
      const deadline = performance.now() + 60_000
      while (accepted.length < enough) {
        if (performance.now() > deadline) throw new Error(`only ${accepted.length} of ${enough} letters were accepted`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async stop() {
      stopping.abort()
      await sending
    },
    async close() {
      stopping.abort()
      await sending
      await simulators.program.stop(2_000)
      folder.remove()
    },
  }
}
