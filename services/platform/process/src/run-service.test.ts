import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { READERS } from './run-service.ts'

const SERVICES = new URL('../../../', import.meta.url)

/** What each process of the distributed mode calls itself, and whether it has handlers: those carry out verbs about their own rows. */
function servicesThatRunAlone() {
  return readdirSync(SERVICES).flatMap((folder) => {
    const main = new URL(`${folder}/src/main.ts`, SERVICES)
    const source = existsSync(main) ? readFileSync(main, 'utf8') : ''
    if (!source.includes('runService({')) return []
    return [{ name: /name: '([^']+)'/.exec(source)?.[1], hasHandlers: source.includes("verbs: 'own'") }]
  })
}

test('the account waits for the reading of every service that has handlers, and of no other', () => {
  const services = servicesThatRunAlone()

  expect(services.length).toBeGreaterThan(READERS.length)
  expect([...READERS].sort()).toEqual(
    services
      .filter(({ hasHandlers }) => hasHandlers)
      .map(({ name }) => name)
      .sort(),
  )
})
