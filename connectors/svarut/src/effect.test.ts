import { createDispatcher } from '@samband/connector-kit'
import { countingIds, damagedDocument, manualTime, memoryPayloads } from '@samband/connector-kit/testing'
import type { Attempt, BoundDestination, EffectKey, Payloads, TokenSource } from '@samband/kernel'
import { causeId, HubError, NothingHappened, sha256Hex } from '@samband/kernel'
import { type Listening, listenAlone } from '@samband/simulator-kit'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SvarUtSimulator } from '../simulator/index.ts'
import { createSvarUtSimulator } from '../simulator/index.ts'
import type { SendInput } from './effect.ts'
import { createSendTilSvarUt } from './effect.ts'
import { aLetter, anOrganisationLetter } from './letter.fixture.ts'
import { svarUtReferanse } from './reference.ts'

const tenant = '311094688'
const kontoId = 'd6b23522-ddf3-462a-8140-16e59e1f476d'
const key = causeId(tenant, 'svarut.send', 'forsendelse-1') as EffectKey
const signal = new AbortController().signal
const dispatcher = createDispatcher()

let time = manualTime()
let simulator: SvarUtSimulator
let listening: Listening
let payloads: Payloads
let to: BoundDestination
let validTokens: string[]
let dropped: string[]

const token: TokenSource = {
  token: async () => validTokens[0] ?? 'token-0',
  drop: (refused) => {
    dropped.push(refused)
    validTokens = validTokens.filter((one) => one !== refused)
  },
}
const access = () => ({ token, integrasjonId: 'integrasjon-1', integrasjonPassord: 'passord-1' })
const deps = () => ({ http: { dispatcher, time }, payloads, ids: countingIds(), access })

beforeEach(async () => {
  time = manualTime()
  validTokens = ['token-1', 'token-2']
  dropped = []
  payloads = memoryPayloads()
  simulator = createSvarUtSimulator({
    time: { nowMs: () => time.clock.now(), after: (ms, run) => time.timers.after(ms, run) },
    random: countingIds(),
    integrasjoner: [
      {
        integrasjonId: 'integrasjon-1',
        integrasjonPassord: 'passord-1',
        autorisertOrgnr: '314758625',
        kontoer: [kontoId],
      },
    ],
    acceptToken: (given) =>
      given === 'token-2' || given === 'token-1' ? { orgnr: '314758625', scope: 'ks:fiks' } : undefined,
  })
  listening = await listenAlone(simulator.app)
  to = {
    system: 'svarut',
    tenant,
    baseUrl: `${listening.url}/api`,
    account: kontoId,
    user: 'integrasjon-1',
    timing: { startWithinMs: 5000, inFlightMs: 960_000, lookUpLagMs: 300_000 },
  }
})

afterEach(() => simulator.app.close())
afterAll(() => dispatcher.close())

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

async function anInput(
  content: object = aLetter(),
  documents: readonly string[] = ['%PDF-1.7 vedtak'],
  mottakertype: SendInput['mottakertype'] = 'person',
): Promise<SendInput> {
  await payloads.put(tenant, 'innhold-1', [Buffer.from(JSON.stringify(content))])
  const dokumenter = []
  for (const [place, text] of documents.entries()) {
    const facts = await payloads.put(tenant, `dokument-${place}`, [Buffer.from(text)])
    dokumenter.push({ ...facts, mimeType: 'application/pdf' })
  }
  return {
    forsendelseId: 'forsendelse-1',
    eksternReferanse: 'sak-2026-17',
    mottakertype,
    innhold: { ref: 'innhold-1' },
    dokumenter,
    avtrykk: 'hmac-1',
  }
}

function anAttempt(part: Partial<Attempt> = {}): Attempt {
  return { key, number: 1, destination: to, signal, start: () => undefined, ...part }
}

async function send(input: SendInput, part: Partial<Attempt> = {}) {
  const effect = createSendTilSvarUt(deps())
  const evidence = await effect.act(await effect.prepare(key, input, to, signal), anAttempt(part))
  expect(effect.evidenceFault?.(evidence)).toBeUndefined()
  return evidence
}

async function probe(input: SendInput) {
  const effect = createSendTilSvarUt(deps())
  const answer = await effect.probe?.(key, input, to, signal)
  if (answer?.kind === 'there') expect(effect.evidenceFault?.(answer.evidence)).toBeUndefined()
  return answer
}

describe('a letter that SvarUt accepts', () => {
  test('is sent once, with our reference, and SvarUt has the documents in order', async () => {
    const letter = aLetter({
      eksternReferanse: 'sak-2026-17',
      dokumenter: [
        { filnavn: 'vedtak æøå.pdf', mimeType: 'application/pdf' },
        { filnavn: 'vedlegg.pdf', mimeType: 'application/pdf' },
      ],
    })
    const evidence = await send(await anInput(letter, ['first', 'second']))

    expect(simulator.received()).toMatchObject([
      {
        id: evidence.svarUtId,
        kontoId,
        eksternReferanse: svarUtReferanse('sak-2026-17', key),
        mottakerDigitalIdHash: sha256Hex('15859099928'),
        dokumenter: [
          { filnavn: 'vedtak æøå.pdf', sha256: sha256Hex('first') },
          { filnavn: 'vedlegg.pdf', sha256: sha256Hex('second') },
        ],
      },
    ])
    expect(evidence).toEqual({ svarUtId: expect.any(String), sendtTidspunkt: '2026-03-02T08:00:00.000Z' })
  })

  test('may go to an organisation', async () => {
    await send(await anInput(anOrganisationLetter({ forsendelsestype: 'byggesak' }), ['%PDF-1.7'], 'organisasjon'))
    expect(simulator.received()).toMatchObject([{ mottakerDigitalIdHash: sha256Hex('314758625') }])
  })

  test('may have no documents but links', async () => {
    const { dokumenter: _, ...letter } = aLetter({ lenker: [{ url: 'https://example.test', tekst: 'Les' }] })
    await send(await anInput(letter, []))
    expect(simulator.received()).toHaveLength(1)
  })

  test('of 20 MB streams through', async () => {
    await send(await anInput(aLetter(), ['x'.repeat(20_000_000)]))
    expect(simulator.received()).toMatchObject([{ dokumenter: [{ sizeBytes: 20_000_000 }] }])
  })

  test('asks to start before the first byte and again before the last', async () => {
    const start = vi.fn()
    await send(await anInput(), { start })
    expect(start).toHaveBeenCalledTimes(2)
  })

  test('has a key that rests on the letter and its content', async () => {
    const effect = createSendTilSvarUt(deps())
    const input = await anInput()
    expect([effect.name, effect.guarantee, effect.subject(input), effect.discriminator(input)]).toEqual([
      'svarut.send',
      'probe',
      'forsendelse-1',
      'hmac-1',
    ])
  })
})

describe('nothing happened, for certain,', () => {
  test('when SvarUt is down', async () => {
    const input = await anInput()
    await listening.down()
    const error = await failure(send(input))
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code: 'SVARUT_UTILGJENGELIG', disposition: 'transient' })
  })

  test('when the start deadline had passed', async () => {
    const late = new NothingHappened('RUNTIME_FOR_SENT_A_STARTE', 'transient', 'too late')
    const start = () => {
      throw late
    }
    expect(await failure(send(await anInput(), { start }))).toBe(late)
    expect(simulator.received()).toEqual([])
  })

  test('when the token is refused; it is dropped', async () => {
    simulator.faults.order({ operation: 'send', fault: 'unauthorized' })
    const error = await failure(send(await anInput()))
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code: 'SVARUT_TOKEN_AVVIST', disposition: 'paused' })
    expect(dropped).toEqual(['token-1'])
  })

  test('when the content is refused; the field is named', async () => {
    const error = await failure(send(await anInput({ ...aLetter(), tittel: '' })))
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({
      code: 'SVARUT_UGYLDIG_FORSENDELSE',
      disposition: 'permanent',
      details: { path: 'tittel' },
    })
  })

  test('when the integration lacks rights on the konto', async () => {
    to = { ...to, account: '00000000-ddf3-462a-8140-16e59e1f476d' }
    expect(await failure(send(await anInput()))).toMatchObject({
      code: 'SVARUT_MANGLER_RETTIGHET',
      disposition: 'paused',
    })
  })
})

describe('the outcome is unknown', () => {
  test.each(['answer-lost', 'error-after-effect', 'wrong-schema', 'error-under-200', 'server-error'] as const)(
    'after %s, and the look-up knows',
    async (fault) => {
      simulator.faults.order({ operation: 'send', fault })
      const input = await anInput()
      const error = await failure(send(input))
      expect(error).toMatchObject({ disposition: 'unknown-outcome' })
      expect(error).not.toBeInstanceOf(NothingHappened)

      const [there] = simulator.received()
      expect(await probe(input)).toEqual(
        there
          ? { kind: 'there', evidence: { svarUtId: there.id, sendtTidspunkt: '2026-03-02T08:00:00.000Z' } }
          : { kind: 'not-there' },
      )
    },
  )

  test('when the answer does not come within the time a request may be on its way', async () => {
    simulator.faults.order({ operation: 'send', fault: 'accept-then-hang' })
    const outcome = failure(send(await anInput()))
    await vi.waitFor(() => expect(simulator.received()).toHaveLength(1))
    time.advance(965_000)
    expect(await outcome).toMatchObject({ code: 'SVARUT_INGEN_SVAR', disposition: 'unknown-outcome' })
  })

  test('when the lease turns out lost before the closing boundary, and SvarUt never had a whole letter', async () => {
    const start = vi
      .fn()
      .mockReturnValueOnce(undefined)
      .mockImplementationOnce(() => {
        throw new NothingHappened('RUNTIME_LEIE_TAPT', 'transient', 'lease lost')
      })
    const error = await failure(send(await anInput(), { start }))
    expect(error).toMatchObject({ code: 'SVARUT_INGEN_SVAR', disposition: 'unknown-outcome' })
    expect(error).not.toBeInstanceOf(NothingHappened)
    expect(simulator.received()).toEqual([])
  })

  test('when SvarUt takes it for a repeat', async () => {
    const body = {
      status: 400,
      errorId: '3f1b7c3e-0000-4000-8000-000000000001',
      message: 'x',
      errorCode: 'GJENTAGENDE_FORSENDELSE',
    }
    simulator.faults.order({ operation: 'send', fault: 'refuse', body })
    expect(await failure(send(await anInput()))).toMatchObject({
      code: 'SVARUT_GJENTAGENDE_FORSENDELSE',
      disposition: 'unknown-outcome',
    })
  })
})

describe('the look-up', () => {
  test('says there, with the moment SvarUt received it', async () => {
    const input = await anInput()
    const { svarUtId } = await send(input)
    time.advance(60_000)
    expect(await probe(input)).toEqual({
      kind: 'there',
      evidence: { svarUtId, sendtTidspunkt: '2026-03-02T08:00:00.000Z' },
    })
  })

  test('says not-there only after a proper empty answer; a foreign letter with the same reference of the sender is not ours', async () => {
    const input = await anInput()
    await createSendTilSvarUt(deps()).act(
      await createSendTilSvarUt(deps()).prepare(causeId('another') as EffectKey, input, to, signal),
      anAttempt(),
    )
    expect(simulator.received()[0]?.eksternReferanse).toMatch(/^sak-2026-17~/)
    expect(await probe(input)).toEqual({ kind: 'not-there' })
  })

  test('tells of further letters with our key, and always counts the oldest', async () => {
    simulator.faults.order({ operation: 'send', fault: 'answer-twice' })
    const input = await anInput()
    await send(input)
    const [first, second] = simulator.received()
    expect(await probe(input)).toMatchObject({ kind: 'there', evidence: { svarUtId: first?.id, flere: [second?.id] } })
  })

  test.each([
    ['error-under-200', undefined],
    ['wrong-schema', undefined],
    ['wrong-schema', { forsendelser: [], errorId: '3f1b7c3e-0000-4000-8000-000000000001' }],
    ['wrong-schema', { forsendelser: [{ id: 'not-a-uuid', dato: '2026-03-02T08:00:00Z' }] }],
    ['wrong-schema', { forsendelser: null }],
    ['not-found', undefined],
    ['server-error', undefined],
    ['lookup-error', undefined],
    ['answer-lost', undefined],
    ['down', undefined],
  ] as const)('cannot tell after %s (%#)', async (fault, body) => {
    const input = await anInput()
    simulator.faults.order({ operation: 'metadata', fault, ...(body === undefined ? {} : { body }) })
    expect(await probe(input)).toEqual({ kind: 'cannot-tell', why: expect.any(HubError) })
  })

  test('cannot tell when it takes too long', async () => {
    simulator.faults.order({ operation: 'metadata', fault: 'accept-then-hang' })
    const answer = probe(await anInput())
    await vi.waitFor(() => expect(simulator.faults.used()).toHaveLength(1))
    time.advance(30_000)
    expect(await answer).toMatchObject({
      kind: 'cannot-tell',
      why: { code: 'SVARUT_INGEN_SVAR', disposition: 'transient' },
    })
  })

  test('cannot tell when there is no token', async () => {
    const broken = { token: async () => Promise.reject(new Error('no token')), drop: () => undefined }
    const effect = createSendTilSvarUt({ ...deps(), access: () => ({ ...access(), token: broken }) })
    expect(await effect.probe?.(key, await anInput(), to, signal)).toMatchObject({
      kind: 'cannot-tell',
      why: { code: 'SVARUT_OPPSLAG_FEILET' },
    })
  })

  test('gets a new token once when the first is refused', async () => {
    const input = await anInput()
    await send(input)
    simulator.faults.order({ operation: 'metadata', fault: 'unauthorized' })
    expect(await probe(input)).toMatchObject({ kind: 'there' })
    expect(dropped).toEqual(['token-1'])
    simulator.faults.order({ operation: 'metadata', fault: 'unauthorized', times: 2 })
    expect(await probe(input)).toMatchObject({
      kind: 'cannot-tell',
      why: { code: 'SVARUT_TOKEN_AVVIST', disposition: 'paused' },
    })
  })
})

describe('the preparation', () => {
  const prepare = (input: SendInput) => createSendTilSvarUt(deps()).prepare(key, input, to, signal)

  test('sends nothing', async () => {
    await prepare(await anInput())
    expect(simulator.received()).toEqual([])
  })

  test.each([
    ['no JSON', 'not json 15859099928'],
    ['no object', '[]'],
    ['no UTF-8', Buffer.from([0xff, 0xfe])],
    ['other documents', JSON.stringify(aLetter({ dokumenter: [] }))],
  ])('refuses stored content that is %s, without quoting it', async (_, stored) => {
    const input = await anInput()
    await payloads.put(tenant, 'innhold-1', [Buffer.from(stored)])
    const error = await failure(prepare(input))
    expect(error).toMatchObject({ code: 'SVARUT_INNHOLD_ODELAGT', disposition: 'permanent' })
    expect(String(error)).not.toContain('1585')
  })

  test('refuses content above a mebibyte', async () => {
    const input = await anInput()
    await payloads.put(tenant, 'innhold-1', [Buffer.alloc(1024 * 1024 + 1, ' ')])
    expect(await failure(prepare(input))).toMatchObject({ code: 'PAYLOAD_FOR_STOR' })
  })

  test('refuses a document that is damaged in the middle, as that and before anything leaves', async () => {
    const input = await anInput()
    vi.spyOn(payloads, 'open').mockResolvedValue(damagedDocument())
    expect(await failure(prepare(input))).toMatchObject({ code: 'PAYLOAD_ODELAGT', disposition: 'permanent' })
  })

  test('refuses a document that is missing or another one', async () => {
    const input = await anInput()
    await payloads.put(tenant, 'dokument-0', [Buffer.from('%PDF-1.7 another')])
    expect(await failure(prepare(input))).toMatchObject({
      code: 'SVARUT_DOKUMENT_ENDRET',
      disposition: 'permanent',
      details: { path: 'dokumenter[0]' },
    })
    await payloads.remove(tenant, 'dokument-0')
    expect(await failure(prepare(input))).toMatchObject({ code: 'PAYLOAD_FINNES_IKKE', disposition: 'permanent' })
  })
})
