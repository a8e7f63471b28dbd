import { readFileSync } from 'node:fs'
import { folderFaults, HubEnv, readHubConfig } from '@samband/process'
import { expect, test } from 'vitest'

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

test('a number that is none is told what was expected', () => {
  const read = readHubConfig({ SAMBAND_PORT: 'abc', SAMBAND_LOG_LEVEL: 'mye' })
  const faults = 'faults' in read ? read.faults.join('\n') : ''
  expect(faults).toContain('SAMBAND_PORT does not fit (expected a whole number from 0 to 65535). Port to listen on')
  expect(faults).toContain('SAMBAND_LOG_LEVEL does not fit (expected one of debug, info, warn, error, silent)')
})

test('an empty variable counts as unset', () => {
  const key = Buffer.alloc(32, 1).toString('base64')
  const needed = { SAMBAND_DATA: '/data', SAMBAND_TENANTS: '/tenants', SAMBAND_TOKEN_KEY: key }
  const read = readHubConfig({ ...needed, SAMBAND_PORT: '', SAMBAND_BACKUPS: '', SAMBAND_OTLP_URL: '' })
  expect(read).toMatchObject({ config: { port: 8080 } })
  expect(readHubConfig({ ...needed, SAMBAND_DATA: '' })).toEqual({
    faults: [expect.stringContaining('SAMBAND_DATA is not set.')],
  })
})

test('a folder of tenants has to be there, and a file is no folder', () => {
  const config = { dataFolder: '/data', tenantsFolder: '/tenants', backupsFolder: '/backups' }
  expect(folderFaults(config, (path) => (path === '/tenants' ? 'folder' : 'nothing'))).toEqual([])
  expect(folderFaults({ ...config, backupsFolder: undefined }, () => 'nothing')).toEqual([
    'SAMBAND_TENANTS names no folder that is there (expected a folder). Folder of the tenants’ YAML files and operators.yaml.',
  ])
  const names = folderFaults(config, () => 'file').map((fault) => fault.split(' ')[0])
  expect(names).toEqual(['SAMBAND_DATA', 'SAMBAND_BACKUPS', 'SAMBAND_TENANTS'])
})
