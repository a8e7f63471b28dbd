import { runTestHub } from '../../support/run-hub.ts'
import { Boundaries } from './boundaries.ts'
import type { Orders } from './place-book.ts'

/**
 * The hub of the crash test: the product, with a count of places wrapped about its ports. CRASH_ORDERS says where it kills itself,
 * CRASH_SYSTEMS names the systems by origin; what happens is told over file descriptor 3.
 */
const NOTES = 3
const boundaries = new Boundaries(JSON.parse(process.env['CRASH_ORDERS'] ?? '{}') as Orders, NOTES)
const systems = JSON.parse(process.env['CRASH_SYSTEMS'] ?? '{}') as Record<string, string>

await runTestHub({
  around: {
    store: (store) => boundaries.store(store),
    files: (files) => boundaries.files(files),
    bus: (bus) => boundaries.bus(bus),
    dispatcher: (network) => boundaries.dispatcher(network, systems),
  },
  at: (moment) => boundaries.at(`start ${moment}`),
})
