import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Edit } from './sabotages.ts'

const PARTS = ['contracts', 'connectors', 'services', 'deploy', 'tests', 'package.json']

/** A copy of the sources in a temporary folder, with the same dependencies and its own packages. */
export interface SourceCopy {
  readonly folder: string
  /** Applies edits; the function returned takes them back. @throws Error when an edit does not fit exactly once */
  apply(edits: readonly Edit[]): () => void
  remove(): void
}

/** Copies the sources below `root`. Nothing in `root` is changed. */
export function copySources(root: string): SourceCopy {
  const folder = mkdtempSync(join(tmpdir(), 'samband-sabotage-'))
  for (const part of PARTS)
    cpSync(join(root, part), join(folder, part), { recursive: true, filter: (path) => !path.includes('node_modules') })
  linkDependencies(root, folder)
  return {
    folder,
    apply(edits) {
      const before = new Map<string, string>()
      for (const edit of edits) {
        const path = join(folder, edit.file)
        const text = readFileSync(path, 'utf8')
        if (!before.has(path)) before.set(path, text)
        const places = text.split(edit.from).length - 1
        if (places !== 1) {
          for (const [touched, original] of before) writeFileSync(touched, original)
          throw new Error(
            `${edit.file}: the text to be changed stands there ${places} times: ${edit.from.slice(0, 80)}`,
          )
        }
        writeFileSync(
          path,
          text.replace(edit.from, () => edit.to),
        )
      }
      return () => {
        for (const [path, text] of before) writeFileSync(path, text)
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function linkDependencies(root: string, folder: string): void {
  const from = join(root, 'node_modules')
  const to = join(folder, 'node_modules')
  mkdirSync(join(to, '@samband'), { recursive: true })
  for (const name of readdirSync(from))
    if (name !== '@samband' && !name.startsWith('.')) symlinkSync(join(from, name), join(to, name))
  const workspaces = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { workspaces: string[] })
    .workspaces
  for (const workspace of workspaces) {
    const { name } = JSON.parse(readFileSync(join(folder, workspace, 'package.json'), 'utf8')) as { name: string }
    symlinkSync(join(folder, workspace), join(to, name))
  }
}
