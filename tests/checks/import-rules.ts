import type { Import, Place } from './imports.ts'

/** A direction that imports must keep. */
export interface ImportRule {
  readonly name: string
  /** Why the import is refused and what to do instead; printed with every violation. */
  readonly because: string
  /** Whether `one` breaks the rule. `all` is there for rules that follow imports further. */
  breaks(one: Import, all: readonly Import[]): boolean
}

/** Part of Node that touches the world, a clock or a thread. */
const ioBuiltins =
  /^(child_process|cluster|dgram|dns|fs|http|http2|https|inspector|net|os|process|readline|repl|sqlite|timers|tls|tty|wasi|worker_threads)(\/|$)/

/** Libraries and packages of ours through which I/O happens. */
const ioLibraries = /^(undici|fastify|@fastify\/.*|pino|prom-client|pg|@opentelemetry\/.*|yaml)$/
const ioFolders = ['services/platform/store', 'services/platform/bus', 'services/platform/payloads']

const toPlace = (one: Import): Place | undefined => (one.to.kind === 'file' ? one.to.place : undefined)
const isProduction = (one: Import): boolean => !one.from.isTest
const inSimulator = (place: Place): boolean => /^connectors\/[^/]+\/simulator\//.test(place.path)
const inConnectorSource = (place: Place): boolean => /^connectors\/[^/]+\/src\//.test(place.path)
const isKit = (place: Place): boolean => /^connectors\/(kit|simulator-kit)$/.test(place.folder)
const isPlatform = (place: Place): boolean => place.folder.startsWith('services/platform/')
const isPure = (place: Place): boolean => /\/(domain\/.*|translate)\.ts$/.test(place.path) && !place.isTest

function leavesLayer(one: Import, layer: string, allowed: readonly string[]): boolean {
  const to = toPlace(one)
  return isProduction(one) && one.from.layer === layer && to !== undefined && !allowed.includes(to.layer)
}

function doesIo(one: Import): boolean {
  if (one.typeOnly) return false
  if (one.to.kind === 'builtin') return ioBuiltins.test(one.to.name)
  if (one.to.kind === 'library') return ioLibraries.test(one.to.name)
  return ioFolders.includes(one.to.place.folder) && one.to.place.folder !== one.from.folder
}

/** Whether what `one` imports reaches I/O when it runs. Through an index only the names that are asked for count. */
function leadsToIo(one: Import, all: readonly Import[], seen: ReadonlySet<Import> = new Set()): boolean {
  if (one.typeOnly || seen.has(one)) return false
  if (doesIo(one)) return true
  if (one.to.kind !== 'file') return false
  const { path } = one.to.place
  const isWanted = ({ names }: Import) =>
    !path.endsWith('/index.ts') || !one.names || !names || names.some((name) => one.names?.includes(name))
  const further = new Set([...seen, one])
  return all.some((next) => next.from.path === path && isWanted(next) && leadsToIo(next, all, further))
}

/** The directions of this repository. Code under `tests/`, `*.test.ts` and `conformance.ts` may do more; see each rule. */
export const importRules: readonly ImportRule[] = [
  {
    name: 'contracts-stand-alone',
    because: 'Everything else builds on the contracts, so contracts import only contracts.',
    breaks: (one) => leavesLayer(one, 'contracts', ['contracts']),
  },
  {
    name: 'connectors-below-services',
    because:
      'A connector speaks to a foreign system for any service; it imports contracts and the kits, never a service.',
    breaks: (one) => leavesLayer(one, 'connectors', ['contracts', 'connectors']),
  },
  {
    name: 'services-below-tests',
    because: 'What runs in production never needs what tests or deploys it.',
    breaks: (one) => leavesLayer(one, 'services', ['contracts', 'connectors', 'services']),
  },
  {
    name: 'kernel-imports-nothing',
    because: 'The kernel holds ports and errors for everyone, so it imports nothing but a hash from node:crypto.',
    breaks: (one) =>
      isProduction(one) &&
      one.from.folder === 'contracts/kernel' &&
      toPlace(one)?.folder !== 'contracts/kernel' &&
      !(one.to.kind === 'builtin' && one.to.name === 'crypto'),
  },
  {
    name: 'messages-import-only-zod',
    because: 'The messages may be published for other organisations, so their source imports zod and nothing else.',
    breaks: (one) =>
      isProduction(one) &&
      one.from.path.startsWith('contracts/messages/src/') &&
      toPlace(one)?.folder !== 'contracts/messages' &&
      !(one.to.kind === 'library' && one.to.name === 'zod'),
  },
  {
    name: 'connectors-apart',
    because: 'A connector does not know another connector; what two of them need moves to connectors/kit.',
    breaks: (one) => {
      const to = toPlace(one)
      return (
        isProduction(one) &&
        one.from.layer === 'connectors' &&
        to?.layer === 'connectors' &&
        to.folder !== one.from.folder &&
        !isKit(to)
      )
    },
  },
  {
    name: 'services-apart',
    because: 'Services talk in events and import no other service; only services/hub puts them together.',
    breaks: (one) => {
      const to = toPlace(one)
      const mayCompose = one.from.folder === 'services/hub' || one.from.folder === to?.folder
      return (
        isProduction(one) && one.from.layer === 'services' && to?.layer === 'services' && !isPlatform(to) && !mayCompose
      )
    },
  },
  {
    name: 'through-exports',
    because: "A package is used by its name and by what its package.json exports; its src is nobody else's business.",
    breaks: (one) => one.from.layer !== 'tests' && one.to.kind === 'file' && !one.to.exported,
  },
  {
    name: 'simulator-shares-nothing',
    because:
      "A simulator is written from the supplier's specification: were it to share code or types with its connector, both " +
      'would be wrong in the same way. It imports connectors/simulator-kit and nothing else from this repository.',
    breaks: (one) => {
      const to = toPlace(one)
      if (!isProduction(one) || to === undefined) return false
      if (one.from.folder === 'connectors/simulator-kit') return to.folder !== one.from.folder
      return inSimulator(one.from) && !inSimulator(to) && to.folder !== 'connectors/simulator-kit'
    },
  },
  {
    name: 'connector-leaves-simulator',
    because:
      'A connector talks to the real service, so it imports neither a simulator nor the kit that simulators share.',
    breaks: (one) => {
      const to = toPlace(one)
      const isSimulated = to !== undefined && (inSimulator(to) || to.folder === 'connectors/simulator-kit')
      return (
        isProduction(one) &&
        inConnectorSource(one.from) &&
        one.from.folder !== 'connectors/simulator-kit' &&
        isSimulated
      )
    },
  },
  {
    name: 'decisions-do-no-io',
    because:
      'What lies in domain/ or translate.ts decides and translates, and whatever it needs when it runs must do no I/O, not ' +
      'even by way of another file. Hand the data in as an argument.',
    breaks: (one, all) => isPure(one.from) && leadsToIo(one, all),
  },
  {
    name: 'production-leaves-tests',
    because: 'Test files, conformance suites and the test runner stay out of what runs in production.',
    breaks: (one) =>
      isProduction(one) &&
      !one.from.path.endsWith('.config.ts') &&
      (toPlace(one)?.isTest === true || (one.to.kind === 'library' && one.to.name === 'vitest')),
  },
  {
    name: 'declared-where-used',
    because: 'A package names in its own package.json what it imports; that another one happens to bring it is luck.',
    breaks: (one) => !one.declared,
  },
]
