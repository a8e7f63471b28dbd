import type { ESTree } from 'vite'
import { parseSync, Visitor } from 'vite'

/** A use of something that belongs to the language or to Node, by its dotted name. */
export interface Use {
  /** `Date.now`, `new Date` (without arguments), `setTimeout`, `node:crypto.randomUUID`. */
  readonly name: string
  /** Where in the text, in UTF-16 units. */
  readonly offset: number
}

type Expression = ESTree.Expression | ESTree.Super | ESTree.PrivateIdentifier

/** `a.b.c` of nested members with constant names, else undefined. */
function dottedName(node: Expression): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type !== 'MemberExpression') return undefined
  const object = dottedName(node.object)
  const property = propertyName(node)
  return object === undefined || property === undefined ? undefined : `${object}.${property}`
}

function propertyName(node: ESTree.MemberExpression): string | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined
}

/** Names the file declares for itself, and which of them stand for a whole module (`import * as crypto`). */
interface OwnNames {
  readonly declared: ReadonlySet<string>
  readonly modules: ReadonlyMap<string, string>
}

/** Where names stand that refer to nothing by themselves: keys of objects, members, types. */
function ownNamesOf(program: ESTree.Program): OwnNames & { readonly silent: ReadonlySet<number> } {
  const declared = new Set<string>()
  const modules = new Map<string, string>()
  const silent = new Set<number>()
  const declare = (node: { readonly type: string } | null): void => {
    const pattern = node as ESTree.BindingPattern | ESTree.TSParameterProperty | ESTree.BindingRestElement | null
    if (pattern?.type === 'Identifier') declared.add(pattern.name)
    else if (pattern?.type === 'AssignmentPattern') declare(pattern.left)
    else if (pattern?.type === 'RestElement') declare(pattern.argument)
    else if (pattern?.type === 'ArrayPattern') for (const element of pattern.elements) declare(element)
    else if (pattern?.type === 'ObjectPattern')
      for (const property of pattern.properties) declare(property.type === 'Property' ? property.value : property)
  }
  const declareFunction = (node: ESTree.Function | ESTree.ArrowFunctionExpression) => {
    declare(node.id)
    for (const parameter of node.params) declare(parameter)
  }
  const silenceKey = (node: { readonly computed: boolean; readonly key: { readonly start: number } }) => {
    if (!node.computed) silent.add(node.key.start)
  }
  new Visitor({
    ImportDeclaration(node) {
      for (const specifier of node.specifiers) {
        declared.add(specifier.local.name)
        silent.add(specifier.local.start)
        if (specifier.type === 'ImportSpecifier') silent.add(specifier.imported.start)
        else modules.set(specifier.local.name, node.source.value)
      }
    },
    VariableDeclarator: (node) => declare(node.id),
    FunctionDeclaration: declareFunction,
    FunctionExpression: declareFunction,
    ArrowFunctionExpression: declareFunction,
    ClassDeclaration: (node) => declare(node.id),
    MemberExpression(node) {
      if (!node.computed) silent.add(node.property.start)
    },
    Property(node) {
      if (!node.shorthand) silenceKey(node)
    },
    MethodDefinition: silenceKey,
    PropertyDefinition: silenceKey,
    TSPropertySignature: silenceKey,
    TSMethodSignature: silenceKey,
    TSTypeReference: (node) => void silent.add(node.typeName.start),
    TSTypeQuery: (node) => void silent.add(node.exprName.start),
  }).visit(program)
  return { declared, modules, silent }
}

/**
 * What a source text uses of the global names and of Node's modules. Types do not count. A name that the file declares
 * anywhere counts as its own: a parameter called `fetch` is not the global function.
 */
export function usesOf(path: string, text: string): readonly Use[] {
  const { program, module, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path} cannot be parsed: ${errors[0].message}`)
  const { declared, modules, silent } = ownNamesOf(program)
  const uses: Use[] = []
  const add = (written: string | undefined, offset: number) => {
    const name = written?.replace(/^globalThis\./, '')
    const first = name?.split('.')[0] ?? ''
    if (name === undefined) return
    const source = modules.get(first)
    if (source !== undefined) uses.push({ name: source + name.slice(first.length), offset })
    else if (!declared.has(first)) uses.push({ name, offset })
  }
  for (const { moduleRequest, entries, start } of module.staticImports) {
    for (const { importName, isType } of entries) {
      if (!isType && importName.name !== null)
        uses.push({ name: `${moduleRequest.value}.${importName.name}`, offset: start })
    }
  }
  new Visitor({
    Identifier(node) {
      // `Date` alone is harmless: `new Date(x)`, `instanceof Date`.
      if (!silent.has(node.start) && node.name !== 'Date') add(node.name, node.start)
    },
    MemberExpression: (node) => add(dottedName(node), node.start),
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') add('Date', node.start)
    },
    NewExpression(node) {
      const name = node.arguments.length === 0 ? dottedName(node.callee) : undefined
      if (name === 'Date' && !declared.has(name)) uses.push({ name: 'new Date', offset: node.start })
    },
    VariableDeclarator(node) {
      const object = node.init ? dottedName(node.init) : undefined
      if (object === undefined || node.id.type !== 'ObjectPattern') return
      for (const property of node.id.properties) {
        if (property.type === 'Property' && property.key.type === 'Identifier') {
          add(`${object}.${property.key.name}`, property.start)
        }
      }
    },
  }).visit(program)
  return uses
}
