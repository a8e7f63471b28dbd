import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import type { Check, Finding } from './check.ts'
import { filesBelow, manifestOf, workspacesOf } from './tree.ts'

/** Every dependency of one name has one version in the whole repository, and none has a range. */
function versionFindings(root: string, folders: readonly string[]): readonly Finding[] {
  const seen = new Map<string, { readonly version: string; readonly where: string }>()
  const findings: Finding[] = []
  for (const folder of folders) {
    const where = posix.join(folder, 'package.json')
    const { dependencies, devDependencies, optionalDependencies } = manifestOf(root, folder)
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      const first = seen.get(name)
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
        findings.push({ where, message: `${name} has the range ${version}; pin one exact version.` })
      } else if (first && first.version !== version) {
        findings.push({
          where,
          message: `${name} is ${version} here and ${first.version} in ${first.where}; one for all.`,
        })
      }
      seen.set(name, first ?? { version, where })
    }
  }
  return findings
}

/** Types are checked in one go from the root, so no package may have rules of its own. */
function configFindings(root: string, folder: string): readonly Finding[] {
  const where = posix.join(folder, 'tsconfig.json')
  if (!existsSync(join(root, where))) return [{ where, message: 'Missing: every package extends tsconfig.base.json.' }]
  const config = JSON.parse(readFileSync(join(root, where), 'utf8')) as Record<string, unknown>
  const base = posix.relative(folder, 'tsconfig.base.json')
  const isPlain = config['extends'] === base && Object.keys(config).every((key) => ['extends', 'include'].includes(key))
  return isPlain
    ? []
    : [{ where, message: `Holds more than extends (${base}) and include; flags are the same everywhere.` }]
}

/** The Node of `.nvmrc` and that of the platform packages are the same. */
function nodeFindings(root: string): readonly Finding[] {
  const wanted = readFileSync(join(root, '.nvmrc'), 'utf8').trim()
  return Object.entries(manifestOf(root, '.').optionalDependencies ?? {})
    .filter(([name, version]) => name.startsWith('node-') && version !== wanted)
    .map(([name, version]) => ({ where: 'package.json', message: `${name} is ${version}, .nvmrc says ${wanted}.` }))
}

/** The manifests agree with each other and with the tree. */
export const packages: Check = {
  name: 'packages',
  promise: 'manifests agree: one version each, listed workspaces, the same compiler flags',
  async find(root) {
    const folders = workspacesOf(root).map(({ folder }) => folder)
    const unlisted = filesBelow(root, (path) => path.endsWith('/package.json'))
      .map((path) => dirname(path))
      .filter((folder) => !folders.includes(folder))
      .map((folder) => ({
        where: folder,
        message: 'Has a package.json, but the root does not list it as a workspace.',
      }))
    return [
      ...unlisted,
      ...versionFindings(root, ['.', ...folders]),
      ...folders.flatMap((folder) => configFindings(root, folder)),
      ...nodeFindings(root),
    ]
  },
}
