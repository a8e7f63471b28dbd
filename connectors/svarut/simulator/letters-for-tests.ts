import type { SimulatorTime } from '@samband/simulator-kit'
import { createSvarUtSimulator, type SvarUtSimulator, type SvarUtSimulatorOptions } from './index.ts'

/** A konto, and an integration that has the right to it. */
export const kontoId = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
export const otherKontoId = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
export const credentials = {
  authorization: 'Bearer good',
  integrasjonid: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc',
  integrasjonpassord: 'hemmelig',
}

/** Time that stands still until it is moved. */
export interface FakeTime extends SimulatorTime {
  move(ms: number): void
  pending(): number
}

export function fakeTime(): FakeTime {
  let nowMs = Date.UTC(2026, 5, 1)
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    nowMs: () => nowMs,
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    move: (ms) => {
      nowMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer)
        timer.run()
      }
    },
    pending: () => timers.size,
  }
}

/** A SvarUt that takes `credentials` for `kontoId`. */
export function aSvarUt(time: FakeTime, more: Partial<SvarUtSimulatorOptions> = {}): SvarUtSimulator {
  let ids = 0
  return createSvarUtSimulator({
    time,
    random: {
      uuid: () => {
        ids += 1
        return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`
      },
    },
    integrasjoner: [
      {
        integrasjonId: credentials.integrasjonid,
        integrasjonPassord: credentials.integrasjonpassord,
        autorisertOrgnr: '314758625',
        kontoer: [kontoId],
      },
    ],
    acceptToken: (token) =>
      ({
        good: { orgnr: '314758625', scope: 'ks:fiks' },
        stranger: { orgnr: '311094688', scope: 'ks:fiks' },
        narrow: { orgnr: '314758625', scope: 'ks:annet' },
      })[token],
    ...more,
  })
}

/** The JSON of a letter to a synthetic person with one PDF. */
export function aLetter(more: object = {}): Record<string, unknown> {
  return {
    tittel: 'Vedtak',
    mottaker: { navn: 'Test Testesen', digitalId: '15859099928' },
    eksternReferanse: 'sak-17',
    dokumenter: [{ filnavn: 'brev.pdf', mimeType: 'application/pdf' }],
    ...more,
  }
}

/** A part of a multipart body. `disposition` replaces what would be made of `name` and `filename`. */
export interface TestPart {
  readonly name?: string
  readonly filename?: string
  readonly type?: string
  readonly disposition?: string
  readonly content: string | Buffer
}

const boundary = 'test-boundary'
export const multipartType = `multipart/form-data; boundary=${boundary}`

export function multipart(parts: readonly TestPart[], closed = true): Buffer {
  const pieces = parts.flatMap(({ name, filename, type, disposition, content }) => [
    `--${boundary}\r\nContent-Disposition: ${disposition ?? `form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`}\r\n`,
    type === undefined ? '\r\n' : `Content-Type: ${type}\r\n\r\n`,
    content,
    '\r\n',
  ])
  return Buffer.concat([...pieces, closed ? `--${boundary}--\r\n` : ''].map((piece) => Buffer.from(piece)))
}

/** The parts of a letter whose documents all have the same content. */
export function partsOf(
  letter: Record<string, unknown>,
  content: string | Buffer = '%PDF SAMBAND-MARK:m-1 %%EOF',
): TestPart[] {
  const documents = (letter['dokumenter'] ?? []) as { filnavn: string; mimeType: string }[]
  return [
    { name: 'forsendelse', type: 'text/plain;charset=UTF-8', content: JSON.stringify(letter) },
    ...documents.map(({ filnavn, mimeType }, index) => ({
      name: `filer_${index}`,
      filename: filnavn,
      type: mimeType,
      content,
    })),
  ]
}

export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
