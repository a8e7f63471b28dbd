import fastify from 'fastify'
import { expect, test } from 'vitest'
import { answerMalformed } from './problem-answers.ts'

test('an address that cannot be read is refused with a problem document that does not repeat it', async () => {
  const app = fastify({ frameworkErrors: answerMalformed })
  app.get('/api/:id', async () => 'found')
  const answer = await app.inject({ method: 'GET', url: '/api/15859099928%' })
  expect(answer.statusCode).toBe(400)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json().code).toBe('UGYLDIG_FORESPORSEL')
  expect(answer.body).not.toContain('15859099928')
  await app.close()
})
