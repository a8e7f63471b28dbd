import { expect, test } from 'vitest'
import { guideLines } from './guide.ts'

const lines = guideLines({
  hubUrl: 'http://127.0.0.1:40123',
  klientId: 'sak-vestnes',
  klientSecret: 'a'.repeat(24),
  operatorId: 'drift',
  operatorSecret: 'b'.repeat(24),
  logFile: '/tmp/samband-demo-abcdef/hub.log',
  exampleReferanse: 'VES-2026-301',
})

test('no command is wider than a terminal of 100 columns, so that it can be copied whole', () => {
  for (const { kind, text } of lines) if (kind === 'command') expect(text.length, text).toBeLessThan(100)
})

test('the command line is told all it needs', () => {
  const text = lines.map((line) => line.text).join('\n')
  for (const name of ['SAMBAND_URL', 'SAMBAND_KLIENT_ID', 'SAMBAND_KLIENT_SECRET', 'SAMBAND_OPERATOR'])
    expect(text).toContain(`${name}=`)
})
