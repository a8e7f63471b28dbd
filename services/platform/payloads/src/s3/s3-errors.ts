import { HubError } from '@samband/kernel'

const NO_ROOM: ReadonlySet<string> = new Set(['XMinioStorageFull', 'QuotaExceeded', 'InsufficientStorage'])
/** Refusals of what we are set up with that do not come as 401 or 403. */
const WRONG_SET_UP: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'InvalidBucketName',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'NotSignedUp',
])

/** Runs one request of the object store and gives what goes wrong as a HubError. */
export async function asking<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asPayloadError(error, operation)
  }
}

/**
 * The store's answers and the network's errors as PAYLOAD_DISK_FULL and PAYLOAD_UTILGJENGELIG (transient) and
 * PAYLOAD_TILGANG_AVVIST (paused). What is neither is a defect and passes unchanged.
 */
export function asPayloadError(error: unknown, operation: string): unknown {
  if (error instanceof HubError || !(error instanceof Error)) return error
  const status = statusOf(error)
  if (status === undefined) return isOfTheNetwork(error) ? unreachable(error, networkCodeOf(error), operation) : error
  const came = `${status} ${/^[\w.]{1,60}$/.test(error.name) ? error.name : 'without a code'}`
  if (status === 507 || NO_ROOM.has(error.name)) {
    const message = `Expected room in the object store, came ${came} at ${operation}. Free space or raise the quota.`
    return new HubError('PAYLOAD_DISK_FULL', 'transient', message, { cause: error })
  }
  if (status === 401 || status === 403 || WRONG_SET_UP.has(error.name)) {
    const message = `Expected the object store to let us in, came ${came} at ${operation}. Look at key, rights, bucket, region and clock.`
    return new HubError('PAYLOAD_TILGANG_AVVIST', 'paused', message, { cause: error })
  }
  return unreachable(error, came, operation)
}

/** Whether the store says that there is no object by this key; it must say so itself, a bare 404 may be a proxy's. */
export function saysNoSuchKey(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchKey'
}

/** Whether the store says that the object ends before the range that was asked for. */
export function saysBeyondItsEnd(error: unknown): boolean {
  return error instanceof Error && statusOf(error) === 416
}

function unreachable(cause: Error, came: string, operation: string): HubError {
  const message = `Expected the object store to answer, came ${came} at ${operation}. Look at the store and the way to it.`
  return new HubError('PAYLOAD_UTILGJENGELIG', 'transient', message, { cause })
}

function statusOf(error: Error): number | undefined {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

/** Node gives its own `ERR_…` to wrong arguments as well, which come as TypeError and RangeError. */
function isOfTheNetwork(error: Error): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return false
  return error.name === 'TimeoutError' || ('code' in error && typeof error.code === 'string')
}

function networkCodeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
