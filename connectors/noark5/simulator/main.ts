import { parseArgs } from 'node:util'
import { runAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { fileSpool } from './file-spool.ts'
import { createNoark5Simulator } from './simulator.ts'

const args = process.argv.slice(2)
const { values } = parseArgs({ args, options: { profile: { type: 'string' } }, strict: false })
const spool = fileSpool()
const simulator = createNoark5Simulator({
  time: systemTime(),
  random: systemRandom(),
  profile: values.profile === 'nikita' ? 'nikita' : 'standard',
  spool,
})
simulator.app.addHook('onClose', () => spool.close())
await runAlone(simulator.app, args)
