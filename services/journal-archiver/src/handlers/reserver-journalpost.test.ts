import type { Json } from '@samband/kernel'
import { JournalpostReservertV1 } from '@samband/messages'
import { createNoark5Effects } from '@samband/noark5'
import type { HandlerContext } from '@samband/runtime'
import { expect, test } from 'vitest'
import { createReserverHandler } from './reserver-journalpost.ts'

const ID = '2da0bb3c-53d8-5002-9e76-fe655ca62856'
const mottatt = {
  forsendelseId: ID,
  eksternReferanse: 'sak-2026-17',
  mottakertype: 'person',
  innhold: { ref: 'innhold', avtrykk: 'a'.repeat(64), sizeBytes: 1 },
  dokumenter: [{ ref: 'dok-1', sha256: 'b'.repeat(64), sizeBytes: 1, mimeType: 'application/pdf' }],
  arkiv: { saksmappeKey: ID },
  mottattTidspunkt: '2026-03-02T09:15:30.250Z',
}

/** Files the letter in a core that gives these things, and returns what was published and what each step was given. */
async function file(given: { readonly [name: string]: Json }) {
  const effects = createNoark5Effects({} as never)
  const inputs = new Map<string, { readonly [name: string]: Json }>()
  let published: unknown
  const made = {
    systemId: ID,
    self: 'https://core.test/1',
    egenId: true,
    skjerming: null,
    mappeId: null,
    registreringsId: null,
  }
  const context = {
    destination: {},
    effect: async (effect: { readonly name: string }, input: { readonly [name: string]: Json }) => {
      inputs.set(effect.name, input)
      return { ...made, ...given }
    },
    publish: (definition: typeof JournalpostReservertV1, data: never) => {
      expect(definition).toBe(JournalpostReservertV1)
      published = definition.write(data)
    },
    documents: { put: () => {} },
    now: () => Date.UTC(2026, 2, 2, 9),
    log: { info: () => {} },
  }
  await createReserverHandler(effects).handle(mottatt as never, context as unknown as HandlerContext)
  return { published, inputs }
}

test('numbers as most cores give them are told on', async () => {
  const { published } = await file({ mappeId: '2026/117', registreringsId: '2026/117-3' })
  expect(published).toMatchObject({ mappeId: '2026/117', registreringsId: '2026/117-3' })
})

test.each(['2026/117 B', 'BYGG-2026/å', '', 'x'.repeat(101)])(
  'a number that the event does not take (%s) is left out, and the letter goes on',
  async (mappeId) => {
    const { published } = await file({ mappeId, registreringsId: '2026/117-3' })
    expect(published).toMatchObject({ forsendelseId: ID, registreringsId: '2026/117-3' })
    expect(published).not.toHaveProperty('mappeId')
  },
)

test('each step knows whether the core kept the systemID of what it hangs on', async () => {
  const { inputs } = await file({ egenId: false })

  expect(inputs.get('noark5.opprettJournalpost')).toMatchObject({ saksmappe: { egenId: false } })
  expect(inputs.get('noark5.opprettKorrespondansepart')).toMatchObject({ journalpost: { egenId: false } })
  expect(inputs.get('noark5.opprettDokumentobjekt')).toMatchObject({ dokumentbeskrivelse: { egenId: false } })
})
