import type { Check } from './check.ts'
import { importRules } from './import-rules.ts'
import { importsBelow } from './imports.ts'

/** Imports keep the directions of `import-rules.ts`. */
export const importDirections: Check = {
  name: 'imports',
  promise: 'imports keep their direction',
  async find(root) {
    const all = importsBelow(root)
    return importRules.flatMap((rule) =>
      all
        .filter((one) => rule.breaks(one, all))
        .map((one) => ({
          where: `${one.from.path}:${one.line}`,
          message: `${rule.name}: imports ${one.specifier}. ${rule.because}`,
        })),
    )
  },
}
