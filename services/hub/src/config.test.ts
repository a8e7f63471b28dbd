import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HubEnv, readHubConfig } from './config.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The row of a variable as the README has to have it. */
function rowOf(
  name: string,
  setting: {
    readonly description?: string | undefined
    safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown }
  },
): string {
  const left = setting.safeParse(undefined)
  const byDefault = !left.success ? '–' : left.data === undefined ? 'optional' : `\`${String(left.data)}\``
  return `| \`${name}\` | ${byDefault} | ${setting.description ?? ''} |`
}

test('the README has every variable of the environment, with its default and what it is for', () => {
  const rows = Object.entries(HubEnv.in.shape).map(([name, setting]) => rowOf(name, setting))
  const shown = README.split('\n').filter((line) => line.startsWith('| `SAMBAND_'))
  expect(shown).toEqual(rows)
})

test('every fault of the environment is told by name, without a value', () => {
  const read = readHubConfig({ SAMBAND_DATA: '/data', SAMBAND_TOKEN_KEY: 'kort', SAMBAND_PORT: 'åtti' })
  const faults = 'faults' in read ? read.faults.join('\n') : ''
  for (const name of ['SAMBAND_TENANTS', 'SAMBAND_TOKEN_KEY', 'SAMBAND_PORT']) expect(faults).toContain(name)
  expect(faults).toContain('SAMBAND_TENANTS is not set. Folder of')
  expect(faults).not.toContain('kort')
  expect(faults).not.toContain('åtti')
})
