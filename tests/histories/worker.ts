import { playHistory } from './history.ts'
import { loadTenantFiles } from './surroundings.ts'

/** One process of a run of histories: plays some and tells its parent. */
const [seed = '1', from = '0', count = '0'] = process.argv.slice(2)
await loadTenantFiles()
for (let number = Number(from); number < Number(from) + Number(count); number++) {
  try {
    const result = await playHistory(seed, number)
    const clean = Object.values(result.findings).every((sentences: string[]) => sentences.length === 0)
    process.send?.({ result: clean ? { ...result, story: [] } : result })
  } catch (error) {
    process.send?.({
      broken: { number, message: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) },
    })
  }
}
process.disconnect?.()
