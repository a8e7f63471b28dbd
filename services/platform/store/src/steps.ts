/** One numbered step of the schema, as read from `migrations/`. */
export interface Migration {
  /** File name without ending, e.g. `0001_heart`. */
  readonly name: string
  readonly sql: string
  /**
   * The oldest program that still runs on the schema after this step, named by the last step it knows. Left out: only programs that know
   * this step run on it.
   */
  readonly oldest?: string | undefined
}

/** A step as the database remembers it: also what an older program needs to know of it, which does not have the file. */
export interface AppliedStep {
  readonly name: string
  readonly digest: string
  readonly oldest: string | undefined
}

const DECLARATION = /^-- oldest program: (\S+)$/m
const ADDS = [
  /^CREATE TABLE \w+ \(/i,
  /^CREATE INDEX \w+ ON \w+ \(/i,
  // A program that does not know the column writes no value into it.
  /^ALTER TABLE \w+ ADD COLUMN \w+ (?:(?!NOT NULL).)*$/is,
  /^ALTER TABLE \w+ ADD COLUMN \w+ (?=.*NOT NULL)(?=.*DEFAULT).*$/is,
]

/**
 * What a step declares by a line `-- oldest program: <step>`; `undefined` when there is none.
 * @throws Error when the step changes what is there instead of only adding tables, plain indexes, or columns that may be left out
 */
export function declaredOldest(name: string, sql: string): string | undefined {
  const oldest = DECLARATION.exec(sql)?.[1]
  if (oldest === undefined) return undefined
  if (!(oldest < name))
    throw new Error(`migration ${name} names ${oldest} as oldest program: expected a step before it`)
  const statements = sql.replaceAll(/--.*$/gm, '').split(';')
  for (const statement of statements.map((one) => one.trim()).filter((one) => one !== '')) {
    if (ADDS.some((adds) => adds.test(statement))) continue
    throw new Error(
      `migration ${name} lets older programs run on it, but does more than add tables, plain indexes and columns with a default: "${statement.slice(0, 60)}". Take the line "oldest program" out, or split the step`,
    )
  }
  return oldest
}

/**
 * The steps that are still to be applied, in order.
 * @throws Error when a step that was applied has been edited since, or when the database holds steps that this program does not know and
 *   that let only newer ones run
 */
export function missingSteps<Step extends Migration & { readonly digest: string }>(
  applied: readonly AppliedStep[],
  known: readonly Step[],
): readonly Step[] {
  const digests = new Map(applied.map(({ name, digest }) => [name, digest]))
  const names = new Set(known.map(({ name }) => name))
  const unknown = applied.filter(({ name }) => !names.has(name))
  for (const { name, oldest } of unknown) {
    if (oldest !== undefined && names.has(oldest)) continue
    throw new Error(
      `the database holds migration ${name}, which this program does not know, and only programs that know ${oldest ?? name} run on it: start the newer release`,
    )
  }
  for (const { name, digest } of known) {
    if ((digests.get(name) ?? digest) !== digest)
      throw new Error(`migration ${name} was edited after it was applied: restore the file, add a new step`)
  }
  const missing = known.filter(({ name }) => !digests.has(name))
  if (missing[0] !== undefined && unknown[0] !== undefined)
    throw new Error(
      `the database holds migration ${unknown[0].name}, which this program does not know, but lacks ${missing[0].name}: it belongs to another line of releases`,
    )
  return missing
}
