import { statSync } from 'node:fs'
import type { FolderKind } from './environment.ts'

/** What lies at a path. */
export function kindOfFolder(path: string): FolderKind {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'nothing'
  return found.isDirectory() ? 'folder' : 'file'
}
