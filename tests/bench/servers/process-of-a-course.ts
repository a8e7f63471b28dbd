/** What every process of a bench needs: its settings, the word to begin, a good end. */

/** A variable of the environment. @throws Error when it is not set */
export function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: this process is started by the bench`)
  return value
}

/** Says that the process is ready, and begins when it is told to over IPC. */
export function onGo(begin: () => Promise<unknown>): void {
  process.once('message', () => void begin().catch(complain))
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`)
}

/** Ends in good order at SIGTERM, and at once where the bench is gone. */
export function endWithParent(stop: () => Promise<void>): void {
  process.once('SIGTERM', () => void stop().then(() => process.exit(0), complain))
  process.once('disconnect', () => process.exit(1))
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
