import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EventDefinition } from '../src/index.ts'
import { EVENTS } from '../src/index.ts'
import { asyncApi } from './asyncapi.ts'
import { eventCatalogue } from './event-catalogue.ts'
import { readExamples } from './examples.ts'
import { formatJson } from './format-json.ts'
import { dataSchema, ENVELOPE, envelopeSchema } from './json-schema.ts'

const SCHEMAS = 'messages/schemas'

/** Every generated file, by its path below `contracts/`, with its text. @param contractsRoot the folder `contracts/`, for its examples */
export function generatedFiles(
  contractsRoot: string,
  definitions: readonly EventDefinition<unknown>[] = EVENTS,
): ReadonlyMap<string, string> {
  const examples = readExamples(join(contractsRoot, 'messages'))
  return new Map([
    [`${SCHEMAS}/${ENVELOPE}.schema.json`, formatJson(envelopeSchema())],
    ...definitions.map(
      (definition) => [`${SCHEMAS}/${definition.type}.schema.json`, formatJson(dataSchema(definition))] as const,
    ),
    ['messages/asyncapi.json', formatJson(asyncApi(definitions, examples))],
    ['docs/event-catalogue.md', eventCatalogue(definitions)],
  ])
}

/** Writes all generated files below `contractsRoot`. Safe to repeat. */
export function writeGenerated(contractsRoot: string, definitions: readonly EventDefinition<unknown>[] = EVENTS): void {
  for (const [path, text] of generatedFiles(contractsRoot, definitions)) {
    const file = join(contractsRoot, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** One sentence per generated file that is missing, differs from the code, or is no longer generated. Empty when all is well. */
export function staleFiles(
  contractsRoot: string,
  definitions: readonly EventDefinition<unknown>[] = EVENTS,
): readonly string[] {
  const expected = generatedFiles(contractsRoot, definitions)
  const found = existsSync(join(contractsRoot, SCHEMAS)) ? readdirSync(join(contractsRoot, SCHEMAS)).sort() : []
  return [
    ...[...expected].flatMap(([path, text]) => {
      const file = join(contractsRoot, path)
      if (!existsSync(file)) return [`contracts/${path} is missing. Run the generator and commit it.`]
      return readFileSync(file, 'utf8') === text
        ? []
        : [`contracts/${path} differs from what the code generates. Run the generator and commit it.`]
    }),
    ...found
      .map((name) => `${SCHEMAS}/${name}`)
      .filter((path) => !expected.has(path))
      .map(
        (path) =>
          `contracts/${path} belongs to no event of the catalogue. Delete it, or list its event in src/catalogue.ts.`,
      ),
  ]
}
