import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { NIKITA_CODE_LISTS, STANDARD_CODE_LISTS } from './codes.ts'
import { type Kind, STANDARD_ENTITIES } from './entities.ts'
import { GROUPS } from './groups.ts'

/** Below SAMBAND_SPECS, else beside the checkout. */
const SPECS = process.env['SAMBAND_SPECS'] || join(import.meta.dirname, '../../../../shared/reference/data')
const REFERENCE = join(SPECS, 'noark5/tjenestegrensesnitt-1.1')
const here = existsSync(join(REFERENCE, 'kodelister.json'))

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(REFERENCE, name), 'utf8'))
}

interface Felt {
  readonly navn: string
  readonly type: string
  readonly ved_oppretting: string
}
type Entiteter = Record<string, { arver: string | null; felt: Felt[] }>

describe.skipIf(!here)('against the reference data of TG 1.1 (skipped without SAMBAND_SPECS)', () => {
  test('every code list has the values of the standard, and only UO beside them', () => {
    const { kodelister } = read('kodelister.json') as {
      kodelister: Record<string, { kode: string; kodenavn: string }[]>
    }
    const expected = Object.fromEntries(
      Object.entries(kodelister).map(([name, values]) => [
        name.toLowerCase(),
        Object.fromEntries(values.map(({ kode, kodenavn }) => [kode, kodenavn])),
      ]),
    )
    const ours = structuredClone(STANDARD_CODE_LISTS) as Record<string, Record<string, string>>
    delete ours['tilgangsrestriksjon']?.['UO']
    expect(ours).toEqual(expected)
  })

  function fieldsOf(entiteter: Entiteter, name: string): Felt[] {
    const { arver, felt } = entiteter[name] ?? { arver: null, felt: [] }
    return arver === null || entiteter[arver] === undefined ? felt : [...fieldsOf(entiteter, arver), ...felt]
  }

  function expectedType({ type, ved_oppretting }: Felt): RegExp {
    const many = ved_oppretting.endsWith('*')
    const plain: Record<string, string> = {
      string: many ? 'texts' : 'text',
      integer: 'integer',
      datetime: 'datetime',
      SystemID: 'systemid',
      VirksomhetsspesifikkeMetadata: 'vsm',
    }
    const group = many ? `(codes|groups):${type}` : `(code|group):${type}`
    return new RegExp(`^${plain[type] ?? group}$`, 'i')
  }

  const names: Record<Kind, string> = {
    arkivskaper: 'Arkivskaper',
    arkiv: 'Arkiv',
    arkivdel: 'Arkivdel',
    klassifikasjonssystem: 'Klassifikasjonssystem',
    klasse: 'Klasse',
    mappe: 'Mappe',
    saksmappe: 'Saksmappe',
    registrering: 'Registrering',
    journalpost: 'Journalpost',
    korrespondansepartperson: 'KorrespondansepartPerson',
    korrespondansepartenhet: 'KorrespondansepartEnhet',
    korrespondansepartintern: 'KorrespondansepartIntern',
    dokumentbeskrivelse: 'Dokumentbeskrivelse',
    dokumentobjekt: 'Dokumentobjekt',
    avskrivning: 'Avskrivning',
  }

  test.each(Object.entries(names))('%s has the fields, types and mandatory fields of the standard', (kind, name) => {
    const { entiteter } = read('attributter.json') as { entiteter: Entiteter }
    const felt = fieldsOf(entiteter, name)
    const entity = STANDARD_ENTITIES[kind as Kind]
    expect(Object.keys(entity.fields).sort()).toEqual(felt.map(({ navn }) => navn).sort())
    for (const one of felt) expect(entity.fields[one.navn], one.navn).toMatch(expectedType(one))
    const mandatory = felt.filter((one) => one.ved_oppretting.startsWith('1')).map(({ navn }) => navn)
    expect([...entity.mandatory].sort()).toEqual(mandatory.sort())
  })

  test.each(Object.entries(GROUPS))('the group %s has the fields of the standard', (group, { fields, mandatory }) => {
    if (group === 'personidentifikator') return
    const { entiteter } = read('attributter.json') as { entiteter: Entiteter }
    const name = Object.keys(entiteter).find((one) => one.toLowerCase() === group.toLowerCase()) ?? ''
    const felt = fieldsOf(entiteter, name)
    expect(Object.keys(fields).sort()).toEqual(felt.map(({ navn }) => navn).sort())
    const needed = felt.filter((one) => one.ved_oppretting.startsWith('1')).map(({ navn }) => navn)
    expect([...mandatory].sort()).toEqual(needed.sort())
  })
})

test('Nikita lacks the journalstatus S and R and the avskrivningsmaate BN and SA, and has its own formats', () => {
  expect(Object.keys(NIKITA_CODE_LISTS['journalstatus'] ?? {})).toEqual(['J', 'F', 'G', 'E', 'A', 'U', 'M'])
  expect(NIKITA_CODE_LISTS['avskrivningsmaate']).not.toHaveProperty('BN')
  expect(NIKITA_CODE_LISTS['format']).toHaveProperty('UNKNOWN')
  expect(NIKITA_CODE_LISTS['format']).not.toHaveProperty(['av/0'])
})
