import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** Folders that hold nothing anybody wrote. */
const skipped = new Set(['node_modules', '.git', '.turbo', 'var', 'coverage'])

/** Paths of all files below `root` that `wanted` accepts, from `root`, with `/` and in a fixed order. */
export function filesBelow(root: string, wanted: (path: string) => boolean): readonly string[] {
  const found: string[] = []
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name)
      const path = relative(root, full).split(sep).join('/')
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(full)
      else if (entry.isFile() && wanted(path)) found.push(path)
    }
  }
  visit(root)
  return found.sort()
}

/** Every TypeScript file below the workspaces' layers. */
export function typescriptFiles(root: string): readonly string[] {
  return filesBelow(root, (path) => /^(contracts|connectors|services|deploy|tests)\/.*\.ts$/.test(path))
}

/** Whether a file is there to test others: it may then do what production code may not. */
export function isTestCode(path: string): boolean {
  return path.startsWith('tests/') || path.endsWith('.test.ts') || /\/conformance(\.ts$|\/)/.test(path)
}

/** Whether a file runs at the desk and never in the hub: generators and comparisons beside the messages, local servers. */
export function isDeskTool(path: string): boolean {
  return /^(contracts\/messages\/(?!src\/)|deploy\/local\/)/.test(path)
}

/** What the checks need to know about one workspace. */
export interface Workspace {
  readonly name: string
  /** Folder from the root of the repository, such as `connectors/svarut`. */
  readonly folder: string
  /** Public entry (`.` or `./simulator`) to the file behind it, relative to the folder. */
  readonly exports: Readonly<Record<string, string>>
  /** Names of the packages it declares, of any kind. */
  readonly declares: ReadonlySet<string>
}

interface Manifest {
  readonly name?: string
  readonly workspaces?: readonly string[]
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

/** `package.json` of a folder below `root`. */
export function manifestOf(root: string, folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

/** Every workspace that the root `package.json` lists. */
export function workspacesOf(root: string): readonly Workspace[] {
  return (manifestOf(root, '.').workspaces ?? []).map((folder) => {
    const manifest = manifestOf(root, folder)
    return {
      name: manifest.name ?? folder,
      folder,
      exports: manifest.exports ?? {},
      declares: new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })),
    }
  })
}
