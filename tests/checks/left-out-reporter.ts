import { globSync } from 'node:fs'
import type { Reporter, Vitest } from 'vitest/node'
import { extraSuites } from './suites.ts'

/** Says which test files the run left out and why, so that a green summary is not taken for more than it is. */
export class LeftOutReporter implements Reporter {
  #root = process.cwd()

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root
  }

  onTestRunEnd(): void {
    const leftOut = extraSuites.map(({ files, needs, script }) => ({
      needs,
      script,
      paths: globSync(files, { cwd: this.#root, exclude: (path) => /(^|\/)node_modules(\/|$)/.test(String(path)) }),
    }))
    for (const { paths, needs, script } of leftOut) {
      if (paths.length === 0) continue
      console.log(`\nLeft out, because they need ${needs}; \`npm run ${script}\` runs them:`)
      for (const path of paths.sort()) console.log(`  ${path}`)
    }
  }
}
