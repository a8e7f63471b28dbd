import type { FastifyInstance } from 'fastify'

type Closer = () => void | Promise<void>

// Fastify takes no hooks once it has booted, but an app that has been injected into may start listening later.
const closers = new WeakMap<FastifyInstance, Closer[]>()

/** Runs `closer` when the app begins to close. The first call for an app must come before the app has booted. */
export function onClose(app: FastifyInstance, closer: Closer): void {
  const known = closers.get(app)
  if (known !== undefined) {
    known.push(closer)
    return
  }
  const mine = [closer]
  closers.set(app, mine)
  app.addHook('preClose', async () => {
    for (const close of mine) await close()
  })
}
