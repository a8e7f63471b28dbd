import { generateKeyPairSync } from 'node:crypto'
import { countingIds, manualTime, memoryPayloads } from '@samband/connector-kit/testing'
import type { Attempt, BoundDestination, EffectKey } from '@samband/kernel'
import { causeId } from '@samband/kernel'
import { createMaskinportenTokenSource } from '@samband/maskinporten'
import { createMaskinportenSimulator } from '@samband/maskinporten/simulator'
import type { SendInput } from '@samband/svarut'
import { createSendTilSvarUt, svarUtReferanse } from '@samband/svarut'
import { createSvarUtSimulator } from '@samband/svarut/simulator'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { injectDispatcher } from './inject-dispatcher.ts'

const tenant = '311094688'
const kontoId = 'd6b23522-ddf3-462a-8140-16e59e1f476d'
const key = causeId(tenant, 'svarut.send', 'forsendelse-1') as EffectKey
const signal = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
let pem: { privateKeyPem: string; publicKeyPem: string }

beforeAll(() => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  pem = {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
})

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

/** SvarUt and Maskinporten in this process, in time that a test moves, without a socket. */
async function aWorld() {
  const time = manualTime()
  const simulatorTime = {
    nowMs: () => time.clock.now(),
    after: (ms: number, run: () => void) => time.timers.after(ms, run),
  }
  const maskinporten = createMaskinportenSimulator({
    time: simulatorTime,
    random: countingIds(),
    clients: [
      { clientId: 'client-1', orgnr: '314758625', publicKeyPem: pem.publicKeyPem, kid: 'key-1', scopes: ['ks:fiks'] },
    ],
    keyPair: { ...pem, kid: 'simulator' },
  })
  const svarUt = createSvarUtSimulator({
    time: simulatorTime,
    random: countingIds(),
    integrasjoner: [
      {
        integrasjonId: 'integrasjon-1',
        integrasjonPassord: 'passord-1',
        autorisertOrgnr: '314758625',
        kontoer: [kontoId],
      },
    ],
    acceptToken: maskinporten.acceptToken,
  })
  closing.push(
    () => svarUt.app.close(),
    () => maskinporten.app.close(),
  )
  await svarUt.app.ready()
  await maskinporten.app.ready()
  const dispatcher = injectDispatcher({
    'http://svarut.test': svarUt.app,
    'http://maskinporten.test': maskinporten.app,
  })
  const http = { dispatcher, time }
  const ids = countingIds()
  const token = createMaskinportenTokenSource(
    { http, ids },
    {
      issuer: 'http://maskinporten.test/',
      tokenEndpoint: 'http://maskinporten.test/token',
      clientId: 'client-1',
      key: { privateKeyPem: pem.privateKeyPem, kid: 'key-1' },
      scopes: ['ks:fiks'],
    },
  )
  const payloads = memoryPayloads()
  const effect = createSendTilSvarUt({
    http,
    payloads,
    ids,
    access: () => ({ token, integrasjonId: 'integrasjon-1', integrasjonPassord: 'passord-1' }),
  })
  const to: BoundDestination = {
    system: 'svarut',
    tenant,
    baseUrl: 'http://svarut.test/api',
    account: kontoId,
    user: 'integrasjon-1',
    timing: { startWithinMs: 5000, inFlightMs: 960_000, lookUpLagMs: 300_000 },
  }
  const letter = {
    tittel: 'Vedtak',
    mottaker: { navn: 'Syntetisk Person', digitalId: '15859099928' },
    dokumenter: [{ filnavn: 'vedtak æøå.pdf', mimeType: 'application/pdf' }],
  }
  await payloads.put(tenant, 'innhold-1', [Buffer.from(JSON.stringify(letter))])
  const document = await payloads.put(tenant, 'dokument-1', [Buffer.alloc(500_000, 'x')])
  const input: SendInput = {
    forsendelseId: 'forsendelse-1',
    eksternReferanse: 'sak-2026-17',
    mottakertype: 'person',
    innhold: { ref: 'innhold-1' },
    dokumenter: [{ ...document, mimeType: 'application/pdf' }],
    avtrykk: 'hmac-1',
  }
  const attempt: Attempt = { key, number: 1, destination: to, signal, start: () => undefined }
  return {
    time,
    svarUt,
    maskinporten,
    send: async () => effect.act(await effect.prepare(key, input, to, signal), attempt),
    probe: async () => effect.probe?.(key, input, to, signal),
  }
}

test('a letter goes from payload store to SvarUt with a token from Maskinporten, and is found again', async () => {
  const { svarUt, maskinporten, send, probe } = await aWorld()
  const evidence = await send()
  expect(maskinporten.received()).toHaveLength(1)
  expect(svarUt.received()).toMatchObject([
    {
      id: evidence.svarUtId,
      eksternReferanse: svarUtReferanse('sak-2026-17', key),
      dokumenter: [{ filnavn: 'vedtak æøå.pdf', sizeBytes: 500_000 }],
    },
  ])
  expect(await probe()).toEqual({ kind: 'there', evidence })
})

test.each(['answer-lost', 'error-after-effect', 'wrong-schema'] as const)(
  'an accepted letter with a lost answer (%s) is found by the look-up',
  async (fault) => {
    const { svarUt, send, probe } = await aWorld()
    svarUt.faults.order({ operation: 'send', fault })
    expect(await failure(send())).toMatchObject({ disposition: 'unknown-outcome' })
    expect(await probe()).toMatchObject({ kind: 'there', evidence: { svarUtId: svarUt.received()[0]?.id } })
  },
)

test('a letter whose answer never comes is given up after its time, and the hanging answer is let go', async () => {
  const { time, svarUt, send, probe } = await aWorld()
  svarUt.faults.order({ operation: 'send', fault: 'accept-then-hang' })
  const outcome = failure(send())
  await expect.poll(() => svarUt.received()).toHaveLength(1)
  time.advance(965_000)
  expect(await outcome).toMatchObject({ code: 'SVARUT_INGEN_SVAR' })
  expect(await probe()).toMatchObject({ kind: 'there' })
})

test('a letter that SvarUt takes late is not there at first, and there afterwards', async () => {
  const { time, svarUt, send, probe } = await aWorld()
  svarUt.faults.order({ operation: 'send', fault: 'accept-late', delayMs: 5000 })
  expect(await failure(send())).toMatchObject({ disposition: 'unknown-outcome' })
  expect(await probe()).toEqual({ kind: 'not-there' })
  time.advance(5000)
  expect(await probe()).toMatchObject({ kind: 'there' })
})

test('a revoked token pauses, and the next attempt has a new one', async () => {
  const { time, svarUt, maskinporten, send } = await aWorld()
  await send()
  time.advance(1000)
  maskinporten.revokeAll()
  expect(await failure(send())).toMatchObject({ code: 'SVARUT_TOKEN_AVVIST', disposition: 'paused' })
  time.advance(1000)
  await send()
  expect(svarUt.received()).toHaveLength(2)
})
