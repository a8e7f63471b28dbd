import type { FastifyInstance } from 'fastify'
import { list, shape, text, whole } from './checks.ts'
import type { JourneyOrder, Letters } from './letters.ts'

const journeyOrder = shape({ mark: text(1, 200), steps: list(shape({ status: text(1, 100), afterMs: whole(0) })) })

/** Adds POST `/_simulator/journeys`: `{ mark, steps: [{ status, afterMs }] }`, as `orderJourney`. */
export function installJourneyControl(app: FastifyInstance, letters: Letters): void {
  app.post('/_simulator/journeys', (request, reply) => {
    const fault = journeyOrder(request.body, '')
    if (fault !== undefined) return reply.code(400).send({ message: fault })
    letters.orderJourney(request.body as JourneyOrder)
    return reply.code(204).send()
  })
}
