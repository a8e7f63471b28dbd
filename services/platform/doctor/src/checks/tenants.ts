import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFields, Logger } from '@samband/kernel'
import {
  checkTenantForm,
  createTenantRegistry,
  type Fault,
  nodeSecrets,
  nodeTenantFiles,
  Secret,
  type Tenant,
} from '@samband/tenants'
import { type Finding, fault, ok, warning } from '../finding.ts'
import type { DoctorWorld } from '../world.ts'

/** The municipalities whose files can come into force, and what is to be said of all files. */
export interface TenantsChecked {
  readonly tenants: readonly Tenant[]
  readonly findings: readonly Finding[]
}

/** Reads the files as a process that has never seen them: what was last accepted of a refused file is not looked for. */
export async function checkTenants(folder: string, world: DoctorWorld): Promise<TenantsChecked> {
  const warnings: LogFields[] = []
  const registry = createTenantRegistry({
    directory: folder,
    fs: nodeTenantFiles(),
    secrets: nodeSecrets(world.env),
    time: world.time,
    lastGood: {
      load: async () => ({}),
      save: async () => {},
      keys: async () => ({}),
      keepKeys: async (_orgnr, keys) => keys,
    },
    rereadMs: 86_400_000,
    log: warningsOnly(warnings),
  })
  await registry.start()
  await registry.stop()
  const tenants = registry.all()
  const refused = registry.problems().flatMap(({ file, faults }) => refusals(join(folder, file), faults))
  const accepted = warnings.filter(({ file }) => registry.problems().every((problem) => problem.file !== file))
  const dangerous = accepted.map(({ file, path, todo }) =>
    warning(join(folder, String(file)), `${String(path)} er farlig mot et virkelig mottakersystem.`, String(todo)),
  )
  const nobody =
    tenants.length === 0 && refused.length === 0
      ? [
          warning(
            'SAMBAND_TENANTS',
            'Mappen har ingen fil for noen kommune: ingen brev tas imot.',
            'Legg inn en fil per kommune; deploy/tenants har eksempler.',
          ),
        ]
      : []
  const unwatched =
    registry.operators().length === 0 && refused.length === 0
      ? [warning('operators.yaml', 'Ingen operatører: ingen kan se eller rette feil.', 'Legg inn operators.yaml.')]
      : []
  const sound = tenants.length === 0 ? [] : [ok('SAMBAND_TENANTS', `Filene til ${tenants.length} kommuner kan gjelde.`)]
  const open = openSecrets([...tenants, ...registry.operators()])
  return { tenants, findings: [...refused, ...nobody, ...unwatched, ...dangerous, ...open, ...sound] }
}

/** The municipalities whose files have the right form, for whoever plans: secrets need not be there yet. */
export function readTenantForms(folder: string): TenantsChecked {
  const files = readdirSync(folder).filter((name) => /^[^.].*\.ya?ml$/.test(name) && !/^operators\.ya?ml$/.test(name))
  const read = files.sort().map((file) => {
    const path = join(folder, file)
    return { path, ...checkTenantForm(readFileSync(path, 'utf8')) }
  })
  return {
    tenants: read.flatMap(({ value }) => (value === undefined ? [] : [value])),
    findings: read.flatMap(({ path, faults }) => refusals(path, faults)),
  }
}

function refusals(path: string, faults: readonly Fault[]): readonly Finding[] {
  return faults.map(({ path: setting, expected, came, todo }) => {
    const where = setting === '' ? '' : `${setting}: `
    return fault(path, `Filen gjelder ikke. ${where}expected ${expected}, came ${came}.`, todo)
  })
}

/** Files with secrets that others on the machine may read. */
function openSecrets(owners: readonly object[]): readonly Finding[] {
  const paths = new Set(owners.flatMap((owner) => [...secretFiles(owner)]))
  return [...paths]
    .sort()
    .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0)
    .map((path) =>
      warning(path, 'Hemmeligheten kan leses av alle på maskinen.', `chmod 600 ${path}, eid av navets bruker.`),
    )
}

function* secretFiles(value: unknown, name = ''): Generator<string> {
  if (value === null || typeof value !== 'object') return
  // An authority's certificate is referred to like a secret, but is none.
  if (value instanceof Secret) {
    if (value.ref.startsWith('file:') && name !== 'ca') yield value.ref.slice('file:'.length)
    return
  }
  for (const [member, one] of Object.entries(value)) yield* secretFiles(one, member)
}

function warningsOnly(warnings: LogFields[]): Logger {
  const log: Logger = {
    debug() {},
    info() {},
    warn: (_sentence, fields) => void (fields !== undefined && warnings.push(fields)),
    error() {},
    with: () => log,
  }
  return log
}
