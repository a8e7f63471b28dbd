import { answerMalformed, answerProblems } from '@samband/access'
import type { IdSource, Logger } from '@samband/kernel'
import fastify, { type FastifyInstance } from 'fastify'

/** A client that sends nothing for so long has gone, or means no good. */
const SILENT_CONNECTION_MS = 120_000

/** A web server without routes, whose every refusal is a problem document. It does not listen. */
export function createWebApp(options: { readonly ids: IdSource; readonly log: Logger }): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    // A large letter may take its time, but not stand still: a connection without a byte for so long is closed.
    requestTimeout: 0,
    connectionTimeout: SILENT_CONNECTION_MS,
    forceCloseConnections: 'idle',
    // A request that has come in by a connection from before is answered, and the connection closed.
    return503OnClosing: false,
    frameworkErrors: answerMalformed,
  })
  answerProblems(app, options)
  return app
}
