import type { LogFields, Logger } from '@samband/kernel'
import type { Logger as Pino } from 'pino'

/**
 * The contract of a log line: these fields and no others, each an id, a code, a name of ours or a number. Whatever a caller adds
 * beside them is not written, only that it was there.
 */
export const LOG_FIELDS: ReadonlySet<string> = new Set([
  'acceptedId',
  'account',
  'came',
  'error',
  'expected',
  'formerInForce',
  'todo',
  'attempt',
  'bytes',
  'clientId',
  'code',
  'count',
  'defect',
  'delayMs',
  'disposition',
  'effect',
  'errorId',
  'eventId',
  'file',
  'forsendelseId',
  'group',
  'handler',
  'jti',
  'jobId',
  'klientId',
  'list',
  'method',
  'ms',
  'op',
  'partition',
  'path',
  'pid',
  'place',
  'poller',
  'port',
  'profile',
  'reason',
  'restoredSince',
  'route',
  'rowId',
  'scope',
  'service',
  'status',
  'svarUtId',
  'system',
  'tenant',
  'topic',
  'traceId',
  'url',
  'verb',
  'version',
])

/** The kernel's logger on pino. */
export function createPinoLogger(pino: Pino): Logger {
  return {
    debug: (sentence, fields) => pino.debug(allowed(fields), sentence),
    info: (sentence, fields) => pino.info(allowed(fields), sentence),
    warn: (sentence, fields) => pino.warn(allowed(fields), sentence),
    error: (sentence, fields) => pino.error(allowed(fields), sentence),
    with: (fields) => createPinoLogger(pino.child(allowed(fields))),
  }
}

function allowed(fields: LogFields = {}): Record<string, unknown> {
  const written: Record<string, unknown> = {}
  let withheld = 0
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (LOG_FIELDS.has(name)) written[name] = value
    else withheld += 1
  }
  if (withheld > 0) written['withheldFields'] = withheld
  return written
}
