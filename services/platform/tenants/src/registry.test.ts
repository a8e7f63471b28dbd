import { beforeEach, expect, test } from 'vitest'
import type { TenantRegistry } from './registry-types.ts'
import { aTenantFile, DAL, FJORD, World } from './testing/world.ts'

let world: World
beforeEach(() => {
  world = new World()
})

const renamed = { 'navn: Prøvekommunen': 'navn: Nykommunen' }

test('all tenants are there after the start, in the order of their orgnr', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  world.write('dal.yml', aTenantFile(DAL))
  world.write('notes.txt', 'not a tenant')
  world.write('.fjord.yaml.swp', 'not a tenant')
  const registry = await world.start()
  expect(registry.all().map(({ orgnr }) => orgnr)).toEqual([DAL, FJORD])
  expect(registry.get(FJORD)?.navn).toBe(`Prøvekommunen ${FJORD}`)
  expect([registry.get('974760673'), registry.problems()]).toEqual([undefined, []])
})

test('a change comes into force at the next reread, and listeners are told', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  world.write('fjord.yaml', aTenantFile(FJORD, 'a-b', renamed))
  await world.pass(9999)
  expect(registry.get(FJORD)?.navn).toContain('Prøve')
  await world.pass(1)
  expect(registry.get(FJORD)?.navn).toContain('Nykommunen')
  expect(world.changes.map((change) => change.kind === 'tenant' && change.tenant?.navn)).toEqual([
    `Prøvekommunen ${FJORD}`,
    `Nykommunen ${FJORD}`,
  ])
})

test('nothing is told, and the tenant stays the same object, as long as nothing changes', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  const before = registry.get(FJORD)
  for (let count = 0; count < 5; count += 1) await world.pass(10_000)
  expect([registry.get(FJORD) === before, world.changes.length]).toEqual([true, 1])
})

test('a faulty change is refused with every fault, the old stays in force, and other tenants go on', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  world.write('dal.yaml', aTenantFile(DAL))
  const registry = await world.start()
  world.write(
    'fjord.yaml',
    aTenantFile(FJORD, 'a-b', { ...renamed, 'payloadDays: 90': 'payloadDays: x', 'kid:': 'kidd:' }),
  )
  world.write('dal.yaml', aTenantFile(DAL, 'c-d', renamed))
  await registry.reread()
  expect(registry.get(FJORD)?.navn).toContain('Prøve')
  expect(registry.get(DAL)?.navn).toContain('Nykommunen')
  const [problem] = registry.problems()
  expect(problem).toMatchObject({ file: 'fjord.yaml', orgnr: FJORD, formerInForce: true })
  expect(problem?.faults.map(({ path }) => path).sort()).toEqual([
    'connectors.svarut.maskinporten.kid',
    'connectors.svarut.maskinporten.kidd',
    'retention.payloadDays',
  ])
  world.write('fjord.yaml', aTenantFile(FJORD, 'a-b', renamed))
  await registry.reread()
  expect([registry.get(FJORD)?.navn, registry.problems()]).toEqual([`Nykommunen ${FJORD}`, []])
})

test('a refused change is refused after a restart too, and what was accepted last is in force', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  await (await world.start()).stop()
  for (const text of [aTenantFile(FJORD, 'a-b', { 'payloadDays: 90': 'payloadDays: x' }), 'orgnr: [', 'UNREADABLE']) {
    world.write('fjord.yaml', text)
    const registry = await world.start()
    expect(registry.get(FJORD)?.retention.payloadDays).toBe(90)
    expect(registry.problems().map(({ file }) => file)).toContain('fjord.yaml')
    for (let count = 0; count < 4; count += 1) await world.pass(10_000)
    expect(registry.get(FJORD)?.retention.payloadDays).toBe(90)
    await registry.stop()
  }
})

test('a faulty file of a tenant that was never accepted does not come into force', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD, 'a-b', { 'payloadDays: 90': 'payloadDays: x' }))
  const registry = await world.start()
  expect(registry.all()).toEqual([])
  expect(registry.problems()).toEqual([expect.objectContaining({ file: 'fjord.yaml', formerInForce: false })])
})

test('a file that is gone ends its tenant when it is missed a second time, not the first', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  world.remove('fjord.yaml')
  await registry.reread()
  expect(registry.get(FJORD)).toBeDefined()
  expect(registry.problems()).toEqual([expect.objectContaining({ file: FJORD, formerInForce: true })])

  world.write('fjord.yaml', aTenantFile(FJORD))
  await registry.reread()
  world.remove('fjord.yaml')
  await registry.reread()
  expect(registry.get(FJORD)).toBeDefined()
  await registry.reread()
  expect([registry.all(), registry.problems(), world.changes.at(-1)]).toEqual([
    [],
    [],
    { kind: 'tenant', orgnr: FJORD, tenant: undefined },
  ])
  expect((await restart(registry)).all()).toEqual([])
})

test('a tenant whose file is gone at a restart is still in force at the first look', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const before = await world.start()
  world.remove('fjord.yaml')
  const registry = await restart(before)
  expect(registry.get(FJORD)).toBeDefined()
  await registry.reread()
  expect(registry.get(FJORD)).toBeUndefined()
})

test('nobody is missed while the folder cannot be listed, or while a file of unknown owner lies there', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  world.listingFails = true
  for (let count = 0; count < 3; count += 1) await registry.reread()
  expect(registry.problems()).toEqual([expect.objectContaining({ file: '/tenants' })])
  world.listingFails = false
  world.remove('fjord.yaml')
  world.write('renamed.yaml', 'orgnr: [')
  for (let count = 0; count < 3; count += 1) await registry.reread()
  expect(registry.get(FJORD)).toBeDefined()
})

test('a file that moves to another name is the same tenant', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  world.remove('fjord.yaml')
  world.write('a.yaml', aTenantFile(FJORD))
  for (let count = 0; count < 3; count += 1) await registry.reread()
  expect([registry.all().length, registry.problems(), world.changes.length]).toEqual([1, [], 1])
})

test('two files of one orgnr are both refused, and what is in force stays', async () => {
  world.write('a.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  world.write('b.yaml', aTenantFile(FJORD, 'c-d', renamed))
  await registry.reread()
  expect(registry.problems().map(({ file, faults }) => [file, faults[0]?.path])).toEqual([
    ['a.yaml', 'orgnr'],
    ['b.yaml', 'orgnr'],
  ])
  expect(registry.get(FJORD)?.navn).toContain('Prøve')
})

test('a klientId that is taken is refused to the newcomer only', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD, 'fagsystem'))
  const registry = await world.start()
  world.write('dal.yaml', aTenantFile(DAL, 'fagsystem'))
  world.write('operators.yaml', operators('fagsystem'))
  const after = await restart(registry)
  expect(after.all().map(({ orgnr }) => orgnr)).toEqual([FJORD])
  expect(after.operators()).toEqual([])
  expect(after.problems().map(({ file, faults }) => [file, faults[0]?.path])).toEqual([
    ['dal.yaml', 'klienter[0].klientId'],
    ['operators.yaml', '[0].klientId'],
  ])
})

test('a klientId that two newcomers want is given to neither', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD, 'fagsystem'))
  world.write('dal.yaml', aTenantFile(DAL, 'fagsystem'))
  const registry = await world.start()
  expect([registry.all(), registry.problems().length]).toEqual([[], 2])
})

test('a klientId can move from one tenant to another in one go', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD, 'fagsystem'))
  world.write('dal.yaml', aTenantFile(DAL, 'annet'))
  const registry = await world.start()
  world.write('dal.yaml', aTenantFile(DAL, 'fagsystem'))
  world.write('fjord.yaml', aTenantFile(FJORD, 'nytt'))
  await registry.reread()
  expect(registry.all().map(({ klienter }) => klienter[0]?.klientId)).toEqual(['fagsystem', 'nytt'])
})

test('operators are re-read, kept over a restart, and end with their file', async () => {
  world.write('operators.yaml', operators('drift'))
  const registry = await world.start()
  expect(registry.operators().map(({ klientId }) => klientId)).toEqual(['drift'])
  world.write('operators.yaml', '- nonsense')
  const after = await restart(registry)
  expect(after.operators().map(({ klientId }) => klientId)).toEqual(['drift'])
  world.remove('operators.yaml')
  await after.reread()
  await after.reread()
  expect([after.operators(), world.changes.at(-1)]).toEqual([[], { kind: 'operators', operators: [] }])
})

test('a rotated secret is taken up, and one that is gone leaves the former in force', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  const password = () => registry.get(FJORD)?.connectors.svarut.integrasjonPassord.text()
  world.secrets.set('env:SVARUT_PASSORD', 'nytt-passord')
  await registry.reread()
  expect(password()).toBe('nytt-passord')
  world.secrets.delete('env:SVARUT_PASSORD')
  await registry.reread()
  expect(password()).toBe('nytt-passord')
  expect(registry.problems()[0]?.faults.map(({ path }) => path)).toEqual(['connectors.svarut.integrasjonPassord'])
})

test('a secret that comes late brings the tenant back without a new file', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const before = await world.start()
  const secret = world.secrets.get('env:SVARUT_PASSORD')
  world.secrets.delete('env:SVARUT_PASSORD')
  world.write('fjord.yaml', 'orgnr: [')
  const registry = await restart(before)
  expect(registry.all()).toEqual([])
  world.secrets.set('env:SVARUT_PASSORD', secret ?? '')
  await world.pass(10_000)
  expect(registry.get(FJORD)).toBeDefined()
})

test.each(['payloadKey', 'hmacKey'])(
  'another %s is refused, also when it was changed while the hub was down',
  async (name) => {
    world.write('fjord.yaml', aTenantFile(FJORD))
    const registry = await world.start()
    const ref = `env:${name === 'hmacKey' ? 'HMAC' : 'PAYLOAD'}_KEY_${FJORD}`
    const former = world.secrets.get(ref)
    world.secrets.set(ref, Buffer.alloc(32, 7).toString('base64'))
    await registry.reread()
    expect(registry.get(FJORD)).toBeDefined()
    expect(registry.problems()[0]?.faults.map(({ path }) => path)).toEqual([name])

    const after = await restart(registry)
    expect(after.get(FJORD)).toBeUndefined()
    expect(after.problems()).toEqual([expect.objectContaining({ file: 'fjord.yaml', formerInForce: false })])
    world.secrets.set(ref, former ?? '')
    await after.reread()
    expect([after.get(FJORD)?.orgnr, after.problems()]).toEqual([FJORD, []])
  },
)

test('what is written while it is read is left to the next reread', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  world.afterRead = () => {
    world.afterRead = () => undefined
    world.write('fjord.yaml', aTenantFile(FJORD, 'a-b', renamed))
  }
  const registry = await world.start()
  expect(registry.all()).toEqual([])
  await world.pass(10_000)
  expect([registry.get(FJORD)?.navn, registry.problems()]).toEqual([`Nykommunen ${FJORD}`, []])
})

test('what could not be kept for a restart is tried again', async () => {
  world.savingFails = true
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  expect([registry.all().length, world.saved.size]).toEqual([1, 0])
  world.savingFails = false
  await registry.reread()
  expect(world.saved.get(FJORD)).toContain(aTenantFile(FJORD))
})

test('a listener that fails does not stop the others, and one that left hears nothing', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  const heard: string[] = []
  registry.onChange(() => {
    throw new Error('broken listener')
  })
  registry.onChange(() => heard.push('stays'))
  registry.onChange(() => heard.push('leaves'))()
  world.write('fjord.yaml', aTenantFile(FJORD, 'a-b', renamed))
  await registry.reread()
  expect(heard).toEqual(['stays'])
})

test('a problem is logged once, and neither log nor memory ever holds a secret', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  world.write('dal.yaml', aTenantFile(DAL, 'a-b', { 'payloadDays: 90': 'payloadDays: x' }))
  await world.start()
  for (let count = 0; count < 3; count += 1) await world.pass(10_000)
  expect(world.lines.filter((line) => line.includes('retention.payloadDays')).length).toBe(1)
  const kept = [...world.lines, ...world.saved.values()].join('\n')
  for (const secret of world.secrets.values()) expect(kept).not.toContain(secret.slice(0, 16))
})

test('after stop nothing waits and nothing is read any more', async () => {
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  expect(world.waiting()).toBe(1)
  await registry.stop()
  await registry.stop()
  expect(world.waiting()).toBe(0)
})

async function restart(registry: TenantRegistry): Promise<TenantRegistry> {
  await registry.stop()
  return world.start()
}

function operators(klientId: string): string {
  return `- klientId: ${klientId}\n  secret: env:KLIENT_SECRET\n  scopes: [drift.les]\n  kommuner: alle\n`
}

/** Another process: files and secrets of its own, and the same store. */
function sibling(of: World): World {
  return Object.assign(new World(), { saved: of.saved, keptKeys: of.keptKeys })
}
const ANOTHER_KEY = Buffer.alloc(32, 7).toString('base64')

test('a process that lacks a file does not take away what protects the keys of the others', async () => {
  const intake = new World()
  intake.write('fjord.yaml', aTenantFile(FJORD))
  await (await intake.start()).stop()
  const operations = sibling(intake)
  const poor = await operations.start()
  for (let count = 0; count < 3; count += 1) await operations.pass(10_000)
  await poor.stop()
  intake.secrets.set(`env:PAYLOAD_KEY_${FJORD}`, ANOTHER_KEY)
  const after = await intake.start()

  expect(after.problems().flatMap(({ faults }) => faults.map(({ path }) => path))).toEqual(['payloadKey'])
  expect(after.get(FJORD)).toBeUndefined()
})

test('of two processes that take a municipality up with different keys only one goes on with its own', async () => {
  const intake = new World()
  const dispatcher = sibling(intake)
  dispatcher.secrets.set(`env:PAYLOAD_KEY_${FJORD}`, ANOTHER_KEY)
  const [one, two] = [await intake.start(), await dispatcher.start()]
  intake.write('fjord.yaml', aTenantFile(FJORD))
  dispatcher.write('fjord.yaml', aTenantFile(FJORD))
  await Promise.all([one.reread(), two.reread()])

  expect([one, two].filter((registry) => registry.get(FJORD) !== undefined)).toHaveLength(1)
  expect([...one.problems(), ...two.problems()].flatMap(({ faults }) => faults)).toHaveLength(1)
})

test('a new municipality waits until the store has kept which keys count', async () => {
  const world = new World()
  world.keepingFails = true
  world.write('fjord.yaml', aTenantFile(FJORD))
  const registry = await world.start()
  expect(registry.get(FJORD)).toBeUndefined()
  expect(registry.problems().flatMap(({ faults }) => faults)).toHaveLength(1)
  world.keepingFails = false
  await world.pass(10_000)

  expect(registry.get(FJORD)).toBeDefined()
  expect(registry.problems()).toEqual([])
})
