import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'vite'
import type { Workspace } from './tree.ts'
import { isDeskTool, isTestCode, manifestOf, typescriptFiles, workspacesOf } from './tree.ts'

/** One end of an import that lies in this repository. */
export interface Place {
  /** Path from the root; for an entry that the package does not export, what was asked for. */
  readonly path: string
  /** `contracts`, `connectors`, `services`, `deploy` or `tests`. */
  readonly layer: string
  /** The workspace's folder, such as `services/platform/store`; empty outside every workspace. */
  readonly folder: string
  readonly isTest: boolean
}

/** One import or re-export as it stands in a file. */
export interface Import {
  readonly from: Place
  readonly line: number
  /** As written: `./wire.ts`, `@samband/kernel`, `node:fs`. */
  readonly specifier: string
  /** Names taken from the other module, as that one calls them; undefined for all of it. */
  readonly names: readonly string[] | undefined
  /** Whether nothing of it is left when the program runs. */
  readonly typeOnly: boolean
  /** Whether the importing package's own `package.json` names what is imported (always so for files and Node itself). */
  readonly declared: boolean
  readonly to:
    | { readonly kind: 'file'; readonly place: Place; readonly byName: boolean; readonly exported: boolean }
    | { readonly kind: 'builtin'; readonly name: string }
    | { readonly kind: 'library'; readonly name: string }
}

interface Written {
  readonly specifier: string
  readonly offset: number
  readonly names: readonly string[] | undefined
  readonly typeOnly: boolean
}

/** The names of some entries, or undefined as soon as one of them is the whole module. */
function namesOf(
  entries: readonly { readonly importName: { readonly kind: string; readonly name?: string | null } }[],
) {
  const names = entries.map(({ importName: { kind, name } }) => (kind === 'Name' ? name : undefined))
  return names.every((name) => typeof name === 'string') ? names : undefined
}

/** What a source text imports and re-exports, dynamic imports of a constant and types by `import('…')` included. */
function importsWritten(path: string, text: string): readonly Written[] {
  const { program, module, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path} cannot be parsed: ${errors[0].message}`)
  const written: Written[] = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    offset: one.start,
    names: namesOf(one.entries),
    typeOnly: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
  }))
  for (const one of module.staticExports) {
    const request = one.entries.find((entry) => entry.moduleRequest)?.moduleRequest
    if (!request) continue
    written.push({
      specifier: request.value,
      offset: one.start,
      names: namesOf(one.entries),
      typeOnly: one.entries.every((entry) => entry.isType),
    })
  }
  new Visitor({
    ImportExpression(node) {
      if (node.source.type !== 'Literal' || typeof node.source.value !== 'string') return
      written.push({ specifier: node.source.value, offset: node.start, names: undefined, typeOnly: false })
    },
    TSImportType(node) {
      written.push({ specifier: node.source.value, offset: node.start, names: undefined, typeOnly: true })
    },
  }).visit(program)
  return written
}

/** The package part of a specifier: `@samband/noark5` of `@samband/noark5/simulator`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function placeOf(path: string, workspaces: readonly Workspace[]): Place {
  const workspace = workspaces.find(({ folder }) => path === folder || path.startsWith(`${folder}/`))
  return { path, layer: path.split('/')[0] ?? '', folder: workspace?.folder ?? '', isTest: isTestCode(path) }
}

function destination(from: Place, specifier: string, workspaces: readonly Workspace[]): Import['to'] {
  if (specifier.startsWith('.')) {
    const place = placeOf(posix.join(posix.dirname(from.path), specifier), workspaces)
    return { kind: 'file', place, byName: false, exported: place.folder === from.folder }
  }
  if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier.replace(/^node:/, '') }
  const name = packageName(specifier)
  const target = workspaces.find((workspace) => workspace.name === name)
  if (!target) return { kind: 'library', name }
  const entry = `.${specifier.slice(name.length)}`
  const file = target.exports[entry]
  const place = placeOf(posix.join(target.folder, file ?? entry), workspaces)
  return { kind: 'file', place, byName: true, exported: file !== undefined }
}

/** Whether the package that holds the importing file says in its own `package.json` that it needs the other one. */
function isDeclared(from: Place, specifier: string, workspaces: readonly Workspace[], tools: ReadonlySet<string>) {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return true
  const name = packageName(specifier)
  const importer = workspaces.find(({ folder }) => folder === from.folder)
  if (importer && (importer.name === name || importer.declares.has(name))) return true
  // Tools stand once, in the root manifest, for whatever does not run in the hub.
  const mayUseTools = from.isTest || !importer || isDeskTool(from.path)
  return mayUseTools && (tools.has(name) || (from.isTest && workspaces.some((workspace) => workspace.name === name)))
}

/** Every import in the tree below `root`. */
export function importsBelow(root: string): readonly Import[] {
  // Longest folder first, so that a workspace inside another's folder is found as itself.
  const workspaces = [...workspacesOf(root)].sort((a, b) => b.folder.length - a.folder.length)
  const tools = new Set(Object.keys(manifestOf(root, '.').devDependencies ?? {}))
  return typescriptFiles(root).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const from = placeOf(path, workspaces)
    return importsWritten(path, text).map(({ specifier, offset, names, typeOnly }) => ({
      from,
      line: text.slice(0, offset).split('\n').length,
      specifier,
      names,
      typeOnly,
      declared: isDeclared(from, specifier, workspaces, tools),
      to: destination(from, specifier, workspaces),
    }))
  })
}
