import type { IdSource, Logger } from '@samband/kernel'
import type { FastifyInstance } from 'fastify'
import type { Access } from './access.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { answerProblems, notAllowed } from './problem-answers.ts'

const MOST_FORM_BYTES = 8_192
const OTHER_THAN_POST = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Adds `POST /oauth/token` (RFC 6749 §3.2); answers errors as §5.2 says, and not as problem documents, which no OAuth client reads. */
export function registerTokenEndpoint(
  app: FastifyInstance,
  { access, ids, log }: { readonly access: Access; readonly ids: IdSource; readonly log: Logger },
): void {
  app.register(
    async (scope) => {
      answerProblems(scope, { ids, log })
      scope.removeAllContentTypeParsers()
      const parsing = { parseAs: 'string', bodyLimit: MOST_FORM_BYTES } as const
      scope.addContentTypeParser('application/x-www-form-urlencoded', parsing, (_request, body, done) =>
        done(null, body),
      )
      scope.post('/token', async (request, reply) => {
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
        try {
          if (typeof request.body !== 'string')
            throw new OAuthRefusal('invalid_request', 'Expected a form-urlencoded body.')
          return access.grant(request.headers.authorization, request.body)
        } catch (error) {
          if (!(error instanceof OAuthRefusal)) throw error
          log.info('token refused', { reason: error.error })
          if (error.status === 401) reply.header('www-authenticate', 'Basic realm="samband", charset="UTF-8"')
          return reply.code(error.status).send({ error: error.error, error_description: error.message })
        }
      })
      scope.route({
        method: OTHER_THAN_POST,
        url: '/token',
        onRequest: notAllowed('POST'),
        handler: async () => undefined,
      })
    },
    { prefix: '/oauth' },
  )
}
