import { aroundFileSystem } from '@samband/payloads'
import { runTestHub } from '../../support/run-hub.ts'

/**
 * The hub of the power-loss test. POWER_LOSS_WITHOUT leaves out one thing that a power loss would punish: `store-sync`, the sync of each
 * commit; `payload-sync`, that of a payload's bytes; `folder-sync`, that of the folder it is named in.
 */
const without = process.env['POWER_LOSS_WITHOUT']
const leftOut = without === 'payload-sync' ? 'sync' : without === 'folder-sync' ? 'syncDirectory' : undefined

await runTestHub({
  ...(without === 'store-sync' ? { synchronous: 'NORMAL' } : {}),
  around: {
    files: (files) =>
      aroundFileSystem(files, (operation, _path, run) =>
        operation === leftOut ? (Promise.resolve() as ReturnType<typeof run>) : run(),
      ),
  },
})
