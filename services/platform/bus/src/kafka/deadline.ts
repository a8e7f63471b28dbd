import type { Timers } from '@samband/kernel'

/** `work`, or a rejection after `ms`; the work goes on and its outcome no longer counts. */
export async function within<Result>(
  timers: Timers,
  ms: number,
  message: string,
  work: Promise<Result>,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const cancel = timers.after(ms, () => reject(new Error(message)))
  try {
    return await Promise.race([work, promise])
  } finally {
    cancel()
  }
}
