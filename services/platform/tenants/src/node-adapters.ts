import { readdir, readFile, stat } from 'node:fs/promises'
import type { TenantFiles } from './registry-types.ts'
import type { SecretResolver } from './secret.ts'

/** Tenant files on the machine's file system. */
export function nodeTenantFiles(): TenantFiles {
  return {
    list: (directory) => readdir(directory),
    modified: (path) =>
      unlessMissing(async () => {
        const { mtimeNs, size, ino } = await stat(path, { bigint: true })
        return `${mtimeNs}-${size}-${ino}`
      }),
    readText: (path) => unlessMissing(() => readFile(path, 'utf8')),
  }
}

/** Secrets from `environment` (the composition root hands over `process.env`) and from files, whose last line break is dropped. */
export function nodeSecrets(environment: Readonly<Record<string, string | undefined>>): SecretResolver {
  return {
    resolve: async (ref) => {
      if (ref.startsWith('env:')) return environment[ref.slice('env:'.length)]
      const text = await unlessMissing(() => readFile(ref.slice('file:'.length), 'utf8'))
      return text?.replace(/\r?\n$/, '')
    },
  }
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
