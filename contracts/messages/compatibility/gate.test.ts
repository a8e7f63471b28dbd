import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { JsonSchema } from '../generate/json-schema.ts'
import type { EventDefinition } from '../src/index.ts'
import { defineEvent, EVENTS } from '../src/index.ts'
import { currentContracts, runGate } from './gate.ts'
import { readLock, releasedPath, writeLock } from './lock.ts'
import { releaseContracts } from './release-contracts.ts'
import { RULES } from './rules.ts'

const messagesRoot = join(import.meta.dirname, '..')
const MOTTATT = 'no.samband.forsendelse.mottatt.v1'

test('the contracts of this repository pass the gate', () => {
  expect(runGate(messagesRoot).problems).toEqual([])
})

test('the command says so, with exit code 0', () => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'main.ts')], { encoding: 'utf8' })

  expect(output).toContain('compatible with everything that was released')
})

test('the command fails with exit code 1 and a sentence when the lock lost something since the base', () => {
  const folder = mkdtempSync(join(tmpdir(), 'samband-base-'))
  const base = join(folder, 'released.lock.json')
  const lock = readLock(messagesRoot)
  writeFileSync(base, JSON.stringify({ ...lock, examples: { ...lock.examples, 'gone/valid-full.json': 'x' } }))
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--base', base], {
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true })

  expect(stderr).toBe(
    'released.lock.json: example gone/valid-full.json was changed or removed. The lock only ever grows.\n',
  )
  expect(status).toBe(1)
})

describe('on a copy', () => {
  let copy: string
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'samband-compatibility-'))
    for (const part of ['examples', 'compatibility/released', 'compatibility/released.lock.json']) {
      cpSync(join(messagesRoot, part), join(copy, part), { recursive: true })
    }
  })
  afterEach(() => rmSync(copy, { recursive: true, force: true }))

  const edit = (path: string, change: (json: JsonSchema) => JsonSchema) => {
    const file = join(copy, path)
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as JsonSchema)))
  }
  const problems = () => runGate(copy).problems

  test('the copy passes, also when its files are formatted anew', () => {
    edit(releasedPath(MOTTATT, 1), (schema) => schema)
    expect(problems()).toEqual([])
  })

  test('an edited released schema is named, be it only a word', () => {
    edit(releasedPath(MOTTATT, 1), (schema) => ({ ...schema, description: 'Something else.' }))
    expect(problems()).toEqual([expect.stringContaining(`${releasedPath(MOTTATT, 1)} was edited after its release`)])
  })

  test('a released schema that is gone, and one that slipped in, are named', () => {
    rmSync(join(copy, releasedPath(MOTTATT, 1)))
    mkdirSync(join(copy, 'compatibility/released/no.samband.annet.hendt.v1'))
    writeFileSync(join(copy, releasedPath('no.samband.annet.hendt.v1', 1)), '{}')

    expect(problems()).toEqual([
      expect.stringContaining(`${releasedPath(MOTTATT, 1)} is locked but gone`),
      expect.stringContaining(`${releasedPath('no.samband.annet.hendt.v1', 1)} stands in no lock`),
    ])
  })

  test('a released example that was changed or removed is named', () => {
    rmSync(join(copy, 'examples', MOTTATT, 'valid-minimal.json'))
    edit(`examples/${MOTTATT}/valid-full.json`, (event) => ({ ...event, source: '/another-service' }))

    expect(problems()).toEqual([
      expect.stringContaining(`examples/${MOTTATT}/valid-full.json was changed or removed`),
      expect.stringContaining(`examples/${MOTTATT}/valid-minimal.json was changed or removed`),
    ])
  })

  test('an example that is not judged as its name says is named', () => {
    const folder = join(copy, 'examples', MOTTATT)
    cpSync(join(folder, 'valid-full.json'), join(folder, 'invalid-data.kontoId~not-really.json'))
    cpSync(join(folder, 'invalid-sequence.json'), join(folder, 'valid-not-really.json'))
    cpSync(join(folder, 'invalid-sequence.json'), join(folder, 'invalid-tenant~not-really.json'))

    expect(problems()).toEqual([
      expect.stringContaining('invalid-data.kontoId~not-really.json is accepted'),
      expect.stringContaining('invalid-tenant~not-really.json is refused at "sequence", not at "tenant"'),
      expect.stringContaining('valid-not-really.json is refused'),
    ])
  })

  test('a lock that lost or changed something since the base is refused, one that grew is not', () => {
    const base = readLock(messagesRoot)
    const { [MOTTATT]: _, ...others } = base.contracts
    writeLock(copy, { ...base, contracts: { ...others, later: [{ revision: 1, sha256: 'x' }] } })
    const { problems: found } = runGate(copy, { base })
    expect(found).toContain(
      `released.lock.json: revision 1 of ${MOTTATT} was changed or removed. The lock only ever grows.`,
    )

    writeLock(copy, { ...base, contracts: { ...base.contracts, later: [{ revision: 1, sha256: 'x' }] } })
    expect(runGate(copy, { base }).problems.filter((sentence) => sentence.includes('only ever grows'))).toEqual([])
  })

  test('an event type that was released and is taken out of the catalogue is refused', () => {
    const contracts = currentContracts(EVENTS.filter(({ type }) => type !== MOTTATT))
    expect(runGate(copy, { contracts }).problems).toEqual([
      expect.stringContaining(`${MOTTATT}: event type removed since its release`),
    ])
  })

  test('another topic for a released event type is refused', () => {
    const contracts = currentContracts().map((contract) =>
      contract.name === MOTTATT ? { ...contract, topic: 'brev' } : contract,
    )
    expect(runGate(copy, { contracts }).problems).toEqual([
      expect.stringContaining(`${MOTTATT}: topic changed since revision 1`),
    ])
  })

  test('a forbidden change of a released event names the field, the reader that breaks, and the way out', () => {
    const contracts = currentContracts().map((contract) =>
      contract.name === MOTTATT ? { ...contract, schema: { ...contract.schema, required: [] } } : contract,
    )
    expect(runGate(copy, { contracts }).problems).toContain(
      `${MOTTATT}, field klientId: required made optional since revision 1. ${RULES['required made optional'].why} Breaks new events, old reader. Make it a new version beside the old one.`,
    )
  })

  test('a change of the envelope is judged like that of an event', () => {
    const contracts = currentContracts().map((contract) =>
      contract.name === 'envelope'
        ? { ...contract, schema: { ...contract.schema, additionalProperties: false } }
        : contract,
    )
    expect(runGate(copy, { contracts }).problems).toEqual([
      expect.stringContaining('envelope: unknown fields refused since revision 1'),
    ])
  })

  describe('with an event of its own', () => {
    const TYPE = 'no.samband.test.hendt.v1'
    const event = (fields: z.ZodRawShape): EventDefinition<unknown> =>
      defineEvent({
        type: TYPE,
        topic: 'test',
        subject: 'test',
        describe: 'Something happened.',
        key: () => 'k',
        data: z.object({ id: z.string(), ...fields }),
      })
    const contracts = (fields: z.ZodRawShape) => currentContracts([...EVENTS, event(fields)])
    const release = (fields: z.ZodRawShape) => releaseContracts(copy, [TYPE], contracts(fields))
    const found = (fields: z.ZodRawShape) => runGate(copy, { contracts: contracts(fields) }).problems

    test('it may change freely until it is released', () => {
      expect(runGate(copy, { contracts: contracts({}) }).notes).toContain(
        `${TYPE} is not released yet and may still change freely.`,
      )
    })

    test('each release appends a revision, and releasing the same again adds nothing', () => {
      expect(release({})).toEqual([`${TYPE}: released as revision 1.`])
      expect(release({})).toEqual([`${TYPE}: nothing new.`])
      expect(release({ note: z.string().optional() })).toEqual([`${TYPE}: released as revision 2.`])

      expect(readLock(copy).contracts[TYPE]).toMatchObject([{ revision: 1 }, { revision: 2 }])
      expect(
        runGate(copy, { contracts: contracts({ note: z.string().optional() }), base: readLock(messagesRoot) }).problems,
      ).toEqual([])
    })

    test('other words alone make no revision', () => {
      release({})
      const reworded = contracts({}).map((contract) => ({
        ...contract,
        schema: { ...contract.schema, description: 'Other words.' },
      }))
      expect(releaseContracts(copy, [TYPE], reworded)).toEqual([`${TYPE}: nothing new.`])
    })

    test('a release with something against it releases nothing', () => {
      release({})
      const before = readLock(copy)
      expect(() => release({ note: z.string() })).toThrow(/Nothing was released\.\n.*field note: required field added/)
      expect(readLock(copy)).toEqual(before)
    })

    test('a name that came, went, and comes back with another type is refused against the revision that had it', () => {
      release({})
      release({ note: z.string().optional() })
      expect(found({ note: z.number().optional() })).toEqual([
        expect.stringContaining(`${TYPE}, field note: type changed since revision 2`),
      ])
      expect(found({})).toEqual([
        expect.stringContaining(`${TYPE}, field note: optional field removed since revision 2`),
      ])
    })

    test('an unknown name is not released', () => {
      expect(() => releaseContracts(copy, ['no.samband.test.annet.v1'], contracts({}))).toThrow(/no such contract/)
    })
  })
})

test('the documented rules are the rules', () => {
  const documented = readFileSync(join(messagesRoot, '../docs/compatibility.md'), 'utf8')
  const missing = Object.entries(RULES).filter(
    ([change, { verdict, breaks, why }]) => !documented.includes(`| ${change} | ${verdict} | ${breaks} | ${why} |`),
  )

  expect(missing.map(([change]) => change)).toEqual([])
})
