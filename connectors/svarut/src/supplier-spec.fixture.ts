import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A file of KS's specifications, which are not part of this repository; `undefined` where it is not at hand.
 * @param specs the folder that SAMBAND_SPECS names; left out or empty: beside the checkout
 */
export function readSpec<Spec>(specs: string | undefined, file: string): Spec | undefined {
  const path = join(specs || join(import.meta.dirname, '../../../../shared/reference/data'), 'svarut', file)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Spec) : undefined
}
