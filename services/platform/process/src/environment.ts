import type { z } from 'zod'

type Env = Readonly<Record<string, string | undefined>>

/** The variables that are set; an empty one counts as left out. */
export function setVariables(env: Env): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** What a refused environment lacks, one sentence per variable: by name, without a value, and what it is for. */
export function environmentFaults(
  error: z.ZodError,
  shape: Readonly<Record<string, { readonly description?: string | undefined }>>,
  set: Readonly<Record<string, string>>,
): readonly string[] {
  return error.issues.map((issue) => {
    const name = String(issue.path[0])
    return `${name} ${name in set ? `does not fit (${issue.message})` : 'is not set'}. ${shape[name]?.description ?? ''}`
  })
}

/** What lies where a folder is expected. */
export type FolderKind = 'folder' | 'file' | 'nothing'

/** Without a folder of tenants' files a process would be one without municipalities, which takes no letters and gives no reason. */
export function tenantsFolderFaults(kind: FolderKind, purpose: string): readonly string[] {
  if (kind === 'folder') return []
  return [
    `SAMBAND_TENANTS names ${kind === 'file' ? 'a file' : 'no folder that is there'} (expected a folder). ${purpose}`,
  ]
}
