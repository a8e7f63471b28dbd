import type { FastifyInstance } from 'fastify'
import { onClose } from './closing.ts'
import type { FaultDesk } from './fault-desk.ts'
import { type FaultOrder, faultNames } from './faults.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The simulator's own name of the operation that this route serves; faults are ordered by it. */
    operation?: string
  }
}

const controlRoot = '/_simulator/'

/**
 * Joins a fault desk to an app: `down` hits before bodies are read, closing the app frees hanging requests, and the
 * control API below `/_simulator/` takes orders. To be called on the root app before its routes are added, which name
 * their operation in `config: { operation }`.
 * @param received what GET `/_simulator/received` answers
 */
export function installFaultDesk(app: FastifyInstance, desk: FaultDesk, received: () => readonly unknown[]): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith(controlRoot)) return done()
    if (!desk.isDown(reply, request.routeOptions.config.operation ?? '*')) done()
  })
  onClose(app, () => desk.close())
  app.get(`${controlRoot}received`, () => received())
  app.get(`${controlRoot}faults`, () => ({
    // JSON has no Infinity and would turn it into null
    orders: desk.orders().map((order) => ({ ...order, times: undefined, timesLeft: String(order.timesLeft) })),
    used: desk.used(),
  }))
  app.delete(`${controlRoot}faults`, (_request, reply) => {
    desk.clear()
    return reply.code(204).send()
  })
  app.post(`${controlRoot}faults`, (request, reply) => {
    const order = readOrder(request.body)
    if (typeof order === 'string') return reply.code(400).send({ message: order })
    return reply.code(201).send({ id: desk.order(order) })
  })
}

function readOrder(body: unknown): FaultOrder | string {
  if (typeof body !== 'object' || body === null) return 'expected a JSON object'
  const { operation, fault, times, mark, delayMs, status, body: answerBody } = body as Record<string, unknown>
  if (typeof operation !== 'string') return 'operation: expected the name of an operation, or *'
  const name = faultNames.find((known) => known === fault)
  if (name === undefined) return `fault: expected one of ${faultNames.join(', ')}`
  const count = times === 'Infinity' ? Number.POSITIVE_INFINITY : times
  if (!isOptional(count, 'number')) return 'times: expected a number or "Infinity"'
  if (!isOptional(mark, 'string')) return 'mark: expected a text'
  if (!isOptional(delayMs, 'number')) return 'delayMs: expected milliseconds'
  if (!isOptional(status, 'number')) return 'status: expected an HTTP status'
  return {
    operation,
    fault: name,
    ...(count === undefined ? {} : { times: count as number }),
    ...(mark === undefined ? {} : { mark: mark as string }),
    ...(delayMs === undefined ? {} : { delayMs: delayMs as number }),
    ...(status === undefined ? {} : { status: status as number }),
    ...(answerBody === undefined ? {} : { body: answerBody }),
  }
}

function isOptional(value: unknown, type: 'number' | 'string'): boolean {
  return value === undefined || typeof value === type
}
