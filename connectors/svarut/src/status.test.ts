import { expect, test } from 'vitest'
import { SVARUT_STATUSES, statusInfo } from './status.ts'
import { readSpec } from './supplier-spec.fixture.ts'

interface StatusSpec {
  readonly components: {
    readonly schemas: {
      readonly ForsendelseStatus: { readonly properties: { readonly status: { readonly enum: string[] } } }
    }
  }
}

const spec = readSpec<StatusSpec>(process.env['SAMBAND_SPECS'], 'rest-v3/forsendelse-status-api-v3.json')

test.skipIf(!spec)("the table has exactly the statuses of KS's specification (skipped without SAMBAND_SPECS)", () => {
  expect(Object.keys(SVARUT_STATUSES).sort()).toEqual(
    spec?.components.schemas.ForsendelseStatus.properties.status.enum.toSorted(),
  )
})

test('there are 17 of them', () => {
  expect(Object.keys(SVARUT_STATUSES)).toHaveLength(17)
})

test('a rejected letter is a final failure, a printed one is delivered', () => {
  expect(statusInfo('AVVIST')).toMatchObject({ known: true, outcome: 'feilet', final: true })
  expect(statusInfo('PRINTET')).toMatchObject({ known: true, outcome: 'levert', final: true })
})

test.each(['NY_STATUS', 'constructor', ''])(
  'a status that nobody knows yet (%s) is carried on, neither final nor failed',
  (status) => {
    expect(statusInfo(status)).toMatchObject({ known: false, outcome: 'underveis', final: false })
  },
)
