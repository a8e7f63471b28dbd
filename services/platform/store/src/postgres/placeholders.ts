const QUOTED_OR_MARK = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g

/** A statement of the port, with `?` for its parameters, as PostgreSQL takes it: `$1`, `$2`, … What stands in quotes is left alone. */
export function numberPlaceholders(sql: string): string {
  let count = 0
  return sql.replace(QUOTED_OR_MARK, (found) => {
    if (found !== '?') return found
    count += 1
    return `$${count}`
  })
}
