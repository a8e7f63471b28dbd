import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Check, Finding } from './check.ts'
import { filesBelow, manifestOf } from './tree.ts'

/** Markdown without its fenced blocks, the lines kept so that line numbers stay true. */
function withoutFences(text: string): string {
  return text.replace(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1\2[^\n]*$/gm, (block) => block.replace(/[^\n]/g, ' '))
}

/** Code between backticks on one line is text, not a link. */
function withoutCode(text: string): string {
  return withoutFences(text).replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, (code) => ' '.repeat(code.length))
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  for (const [, id = ''] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

function isBroken(root: string, page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path))
  if (relative(root, file).startsWith('..')) return 'leads out of the repository'
  if (!existsSync(file)) return 'leads to nothing'
  if (anchor === undefined || !file.endsWith('.md') || !statSync(file).isFile()) return undefined
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? undefined : `finds no heading #${anchor}`
}

function brokenLinks(root: string, page: string, text: string): readonly Finding[] {
  const links = [
    ...withoutCode(text).matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...withoutCode(text).matchAll(/^\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/gm),
    ...withoutCode(text).matchAll(/<(?:a|img)\s[^>]*(?:href|src)="([^"]+)"/g),
  ]
  return links
    .filter(([, target = '']) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target))
    .flatMap(({ 1: target = '', index }) => {
      const fault = isBroken(root, page, target)
      const line = text.slice(0, index).split('\n').length
      return fault === undefined ? [] : [{ where: `${page}:${line}`, message: `The link to ${target} ${fault}.` }]
    })
}

/** Scripts that a page tells its reader to run, and that no longer exist. */
function missingScripts(page: string, text: string, scripts: ReadonlySet<string>): readonly Finding[] {
  const commands = text.matchAll(/\bnpm (?:run(?:-script)?(?:\s+--?[a-z-]+)*\s+([a-z][\w:-]*)|(test|start)\b)/g)
  return [...commands]
    .filter(([, script, short]) => !scripts.has(script ?? short ?? ''))
    .map(({ 0: command, index }) => ({
      where: `${page}:${text.slice(0, index).split('\n').length}`,
      message: `\`${command}\` stands here, but the root package.json has no such script.`,
    }))
}

/** Links inside the repository lead somewhere, and commands in the pages exist. */
export const links: Check = {
  name: 'links',
  promise: 'links and commands in every *.md lead somewhere',
  async find(root) {
    const scripts = new Set(Object.keys(manifestOf(root, '.').scripts ?? {}))
    return filesBelow(root, (path) => path.endsWith('.md')).flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8')
      return [...brokenLinks(root, page, text), ...missingScripts(page, text, scripts)]
    })
  },
}
