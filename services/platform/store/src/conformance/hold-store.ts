import { setInterval } from 'node:timers'
import { createKeptLog, createVirtualTime } from '@samband/runtime/testing'
import { openInstallation } from '../sqlite/installation.ts'

/** A process of its own that opens the store in the folder it is given, says so, and holds it until it is killed. */
const [, , folder = ''] = process.argv
const { store } = openInstallation({ folder, log: createKeptLog(), ...createVirtualTime() })
await store.transaction('test.hold', (tx) => tx.run("INSERT INTO meta (name, value) VALUES ('test-by-child', 'x')"))
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
