import { existsSync, readFileSync } from 'node:fs'

/** A file of KS's specifications, which are not part of this repository; `undefined` where they are not at hand. */
export function readSpec<Spec>(file: string): Spec | undefined {
  const path = new URL(`../../../../shared/reference/data/svarut/${file}`, import.meta.url)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Spec) : undefined
}
