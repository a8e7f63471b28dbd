import { HubError } from '@samband/kernel'
import type { PayloadFileSystem } from './file-system.ts'
import { aroundFileSystem } from './file-system.ts'

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * The same file system with the operating system's errors as HubErrors: PAYLOAD_DISK_FULL and PAYLOAD_UTILGJENGELIG, both
 * transient. Errors without a system code are defects and pass unchanged.
 */
export function withHubErrors(fs: PayloadFileSystem): PayloadFileSystem {
  return aroundFileSystem(fs, async (operation, _path, run) => {
    try {
      return await run()
    } catch (error) {
      throw asPayloadError(error, operation)
    }
  })
}

function asPayloadError(error: unknown, operation: string): unknown {
  if (error instanceof HubError || !(error instanceof Error) || !('code' in error)) return error
  const { code } = error
  if (typeof code !== 'string') return error
  if (NO_ROOM.has(code)) {
    const message = `Expected room on the payload disk, came ${code} at ${operation}. Free space or enlarge the disk.`
    return new HubError('PAYLOAD_DISK_FULL', 'transient', message, { cause: error })
  }
  const message = `Expected the payload disk to answer, came ${code} at ${operation}. Look at the disk, its mount and its rights.`
  return new HubError('PAYLOAD_UTILGJENGELIG', 'transient', message, { cause: error })
}
