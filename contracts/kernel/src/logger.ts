/** A log line is a constant sentence plus fields; never a payload, a national number, a name or a token. */
export interface Logger {
  debug(sentence: string, fields?: LogFields): void
  info(sentence: string, fields?: LogFields): void
  warn(sentence: string, fields?: LogFields): void
  error(sentence: string, fields?: LogFields): void
  /** A logger that adds `fields` to each line. */
  with(fields: LogFields): Logger
}

/** Fields of a log line. The logger writes only the names its contract lists; any other is replaced by a note. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
