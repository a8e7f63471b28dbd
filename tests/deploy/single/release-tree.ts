import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { put } from './machine.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly link?: boolean }>>
}

/** This repository as somebody has it who ran `npm ci --omit=dev` in it. Takes seconds; some 200 MB. */
export function thisRelease(tree: string): void {
  mkdirSync(tree, { recursive: true })
  for (const part of ['package.json', 'contracts', 'connectors', 'services', 'deploy']) {
    cpSync(join(ROOT, part), join(tree, part), {
      recursive: true,
      filter: (path) => !['node_modules', 'var', '.turbo'].includes(basename(path)),
    })
  }
  const { packages }: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  for (const [path, { dev }] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || dev === true || !existsSync(join(ROOT, path))) continue
    // What lies inside a package that was copied is there already.
    if (existsSync(join(tree, path))) continue
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    execFileSync('cp', ['-a', join(ROOT, path), join(tree, path)])
  }
}

/** The same release under another version, with other text in some of its files. Takes little room. */
export function laterRelease(
  from: string,
  to: string,
  version: string,
  changes: Readonly<Record<string, (text: string) => string>> = {},
): string {
  execFileSync('cp', ['-al', from, to])
  const all = { ...changes, 'package.json': (text: string) => text.replace(/("version": )"[^"]+"/, `$1"${version}"`) }
  for (const [path, change] of Object.entries(all)) {
    const file = join(to, path)
    put(file, change(existsSync(file) ? readFileSync(file, 'utf8') : ''))
  }
  return to
}
