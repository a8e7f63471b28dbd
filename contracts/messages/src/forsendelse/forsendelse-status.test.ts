import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ForsendelseStatus, ForsendelseStatusEndretV1, forsendelseStatus } from '../index.ts'

const codes = Object.keys(ForsendelseStatus)
/** Below SAMBAND_SPECS, else beside the checkout. */
const SPECS = process.env['SAMBAND_SPECS'] || join(import.meta.dirname, '../../../../../shared/reference/data')
const SPECIFICATION = join(SPECS, 'svarut/rest-v3/forsendelse-status-api-v3.json')

test.skipIf(!existsSync(SPECIFICATION))(
  'the table holds exactly the codes of Status v3 (skipped without SAMBAND_SPECS)',
  () => {
    const { components } = JSON.parse(readFileSync(SPECIFICATION, 'utf8')) as { components: unknown }
    const listed = JSON.stringify(components)
      .match(/"enum":\[[^\]]*"AKSEPTERT"[^\]]*\]/)?.[0]
      .match(/[A-Z_]{4,}/g)

    expect(listed?.toSorted()).toEqual(codes.toSorted())
  },
)

test('the letters that ended badly are the three that SvarUt could not deliver', () => {
  expect(codes.filter((code) => forsendelseStatus(code).outcome === 'feilet')).toEqual([
    'AVVIST',
    'FEILET_UNDER_MOTTAK',
    'IKKE_LEVERT',
  ])
})

test('a letter is under way exactly as long as its status is not final', () => {
  for (const code of codes) {
    const { final, outcome } = forsendelseStatus(code)
    expect(final).toBe(outcome !== 'underveis')
  }
})

test.each(['VENTER_PA_SIGNATUR', 'constructor', '__proto__', ''])(
  'the unknown code "%s" keeps the letter followed',
  (code) => {
    expect(forsendelseStatus(code)).toMatchObject({ known: false, final: false, outcome: 'underveis' })
  },
)

test('an unknown code is carried through as it is', () => {
  const data = {
    forsendelseId: '5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11',
    eksternReferanse: 'sak-2026-17',
    svarUtId: '7d1e0f6a-3c52-4f0e-9a53-5b1c0c6f2a11',
    status: 'VENTER_PA_SIGNATUR',
    endretTidspunkt: '2026-03-02T09:15:41Z',
  }
  expect(ForsendelseStatusEndretV1.parse(data)).toEqual(data)
})
