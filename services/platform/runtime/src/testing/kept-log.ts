import type { LogFields, Logger } from '@samband/kernel'

/** A line as it was logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly sentence: string
  readonly fields: LogFields
}

/** A logger that keeps its lines for the test to read. */
export function createKeptLog(): Logger & { readonly lines: readonly LoggedLine[] } {
  const lines: LoggedLine[] = []
  const logger = (bound: LogFields): Logger => {
    const write =
      (level: LoggedLine['level']) =>
      (sentence: string, fields: LogFields = {}) =>
        void lines.push({ level, sentence, fields: { ...bound, ...fields } })
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (fields) => logger({ ...bound, ...fields }),
    }
  }
  return { ...logger({}), lines }
}
