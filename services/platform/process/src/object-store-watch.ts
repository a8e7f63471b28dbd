import { asHubError, type Logger, type Time } from '@samband/kernel'

/** Whether the object store has let us in since the process started. */
export interface ObjectStoreWatch {
  /** Why the process is not ready; empty as soon as the store has answered once. */
  unready(): readonly string[]
  stop(): void
}

const AGAIN_MS = 10_000

/**
 * Looks into the object store from the start on until it answers, so that a missing bucket or a refused key is told at once and not by the first
 * letter. Later outages are told by what waits for the store.
 * @param look asks the store for something that need not be there
 */
export function watchObjectStore(options: {
  readonly look: () => Promise<unknown>
  readonly time: Pick<Time, 'timers'>
  readonly log: Pick<Logger, 'error' | 'info'>
}): ObjectStoreWatch {
  const { look, time, log } = options
  let reasons: readonly string[] = ['the object store has not answered yet']
  let told: string | undefined
  let cancel = () => {}
  let isStopped = false

  async function ask(): Promise<void> {
    try {
      await look()
      reasons = []
      if (told !== undefined) log.info('the object store lets us in')
    } catch (error) {
      if (isStopped) return
      const code = asHubError(error)?.code ?? 'unknown'
      reasons = [
        `the object store does not let us in: ${code}. Look at SAMBAND_S3_BUCKET and npm run samband -- doctor`,
      ]
      if (told !== code) log.error('the object store does not let us in; it is tried again', { code })
      told = code
      cancel = time.timers.after(AGAIN_MS, () => void ask())
    }
  }

  void ask()
  return {
    unready: () => reasons,
    stop() {
      isStopped = true
      cancel()
    },
  }
}
