import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Instance } from './archive.ts'
import { type LinkWriter, readPath, type Target } from './links.ts'
import { type Query, readQuery } from './lists.ts'

/** One request, taken apart. */
export interface Call {
  readonly method: string
  readonly path: string
  /** What the path asks for; undefined for one this core never gave out. */
  readonly target: Target | undefined
  readonly query: Query
  readonly rawQuery: string
  readonly headers: IncomingHttpHeaders
  readonly raw: IncomingMessage
  readonly links: LinkWriter
}

/** Takes a request apart. Reads no body. */
export function callOf(request: FastifyRequest, rootPath: string, linksFor: (root: string) => LinkWriter): Call {
  const url = request.raw.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const rawQuery = mark === -1 ? '' : url.slice(mark + 1)
  const rest = path.startsWith(rootPath) ? path.slice(rootPath.length) : undefined
  return {
    method: request.method,
    path,
    target: targetOf(path, rest, rootPath),
    query: readQuery(rawQuery),
    rawQuery,
    headers: request.headers,
    raw: request.raw,
    links: linksFor(`http://${request.headers.host ?? 'localhost'}${rootPath}`),
  }
}

function targetOf(path: string, rest: string | undefined, rootPath: string): Target | undefined {
  if (rest === '' || `${path}/` === rootPath) return { operation: 'rot', argument: '' }
  if (rest === undefined) return undefined
  if (rest === '.well-known/openid-configuration') return { operation: 'discovery', argument: '' }
  if (rest === 'oauth/token') return { operation: 'token', argument: '' }
  return readPath(rest)
}

/** The name faults are ordered by. */
export function operationOf({ method, target, query }: Call): string {
  const [what = '', kind = ''] = (target?.operation ?? '').split(':')
  switch (what) {
    case 'token':
      return 'token'
    case 'rot':
    case 'discovery':
    case 'arkivstruktur':
    case 'sakarkiv':
    case 'metadata':
    case 'admin':
      return 'root'
    case 'codes':
    case 'code':
      return 'metadata'
    case 'list':
      if (method === 'DELETE') return 'delete'
      return query.options.has('$filter') || query.options.has('$search') ? 'search' : 'list'
    case 'ny':
      if (method !== 'POST') return 'get'
      return kind.startsWith('korrespondansepart') ? 'ny-korrespondansepart' : `ny-${kind}`
    case 'self':
      if (method === 'DELETE') return 'delete'
      return method === 'GET' ? 'get' : 'update'
    case 'fil':
    case 'session':
      return method === 'GET' ? 'download' : 'upload'
    default:
      return 'get'
  }
}

/** What the mark of an order is looked for in: the request itself, and the titles and references around what it is done to. */
export function textsOf(call: Call, instance: Instance | undefined, body: Buffer): string[] {
  const texts = [decoded(call.path), decoded(call.rawQuery.replaceAll('+', ' ')), body.toString('utf8')]
  for (let one = instance; one !== undefined; one = one.parent) texts.push(...own(one))
  for (const child of instance?.children ?? []) texts.push(...own(child))
  return texts
}

function own({ values }: Instance): string[] {
  return ['tittel', 'eksternReferanse', 'filnavn', 'systemID', 'mappeID'].map((name) => String(values[name] ?? ''))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // not percent-encoded properly: looked at as it came
  }
}
