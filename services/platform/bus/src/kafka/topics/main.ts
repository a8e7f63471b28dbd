import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { HubError, type Logger } from '@samband/kernel'
import { createBrokerDesk } from '../broker-desk.ts'
import { readKafkaEnv } from '../kafka-env.ts'
import { withTokens } from '../token-client.ts'
import { readTopicPlans } from './topic-plan.ts'
import { applyTopicPlans, describeReport } from './topics-command.ts'

/**
 * `main.ts [--grow] [file with topics]`: makes missing topics and checks the others; with `--grow` adds partitions up to the plan. Ends with 1 where
 * something is dangerous, 78 at a wrong setting.
 */
const PLANS = new URL('../../../../../../deploy/kafka/topics.json', import.meta.url)
const MISCONFIGURED = 78

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
const time = {
  clock: { now: () => Date.now() },
  stopwatch: { read: () => performance.now() },
  timers: {
    after(delayMs: number, callback: () => void) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  },
}

function readArguments(): { readonly grow: boolean; readonly file: string | URL } {
  const { values, positionals } = parseArgs({ options: { grow: { type: 'boolean' } }, allowPositionals: true })
  return { grow: values.grow === true, file: positionals[0] ?? PLANS }
}

async function run(): Promise<number> {
  const { grow, file } = readArguments()
  const read = readKafkaEnv(process.env)
  if ('faults' in read) {
    console.error(`The environment has faults:\n${read.faults.map((fault) => `  ${fault}`).join('\n')}`)
    return MISCONFIGURED
  }
  const desk = createBrokerDesk(withTokens(read.settings, time), time, silent)
  try {
    const report = await applyTopicPlans(desk, readTopicPlans(readFileSync(file, 'utf8')), { grow })
    console.log(describeReport(report))
    return report.dangers.length === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  } finally {
    await desk.close()
  }
}

process.exitCode = await run()
