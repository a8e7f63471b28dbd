import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Check } from './check.ts'
import { determinismRules } from './determinism-rules.ts'
import { isDeskTool, isTestCode, typescriptFiles } from './tree.ts'
import { usesOf } from './uses.ts'

/**
 * The files, from the root, that implement ports with the real clock, randomness, environment or network. Besides these,
 * every `main.ts` is a composition root and may do so.
 */
const realPorts: ReadonlySet<string> = new Set<string>([
  'connectors/simulator-kit/src/alone.ts',
  'services/platform/process/src/real-ports.ts',
])

function mayTouchTheWorld(path: string): boolean {
  return isTestCode(path) || isDeskTool(path) || basename(path) === 'main.ts' || realPorts.has(path)
}

/** Nothing but the outermost files touches a clock, a timer, randomness, the environment or the network directly. */
export const determinism: Check = {
  name: 'determinism',
  promise: 'time, randomness, environment and network come through ports',
  async find(root) {
    return typescriptFiles(root)
      .filter((path) => !mayTouchTheWorld(path))
      .flatMap((path) => {
        const text = readFileSync(join(root, path), 'utf8')
        return usesOf(path, text).flatMap(({ name, offset }) =>
          determinismRules
            .filter((rule) => rule.forbids.test(name))
            .map((rule) => ({
              where: `${path}:${text.slice(0, offset).split('\n').length}`,
              message: `${rule.name}: uses ${name}. ${rule.because}`,
            })),
        )
      })
  },
}
