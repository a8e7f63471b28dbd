import type { Figure } from '../figures.ts'
import { layOutCourse } from './course.ts'
import { type ServerPart, scaled } from './server-part.ts'

const EVENTS = 100_000
const PROCESSES = 2
const LOOK_EVERY_MS = 100
const AT_ONCE = 5_000

/** Events that come as fast as the log takes them: how many lie between the first topic and the last at most, and when all have arrived. */
export const burst: ServerPart = {
  name: 'burst',
  async measure(options): Promise<readonly Figure[]> {
    const count = options.burst ?? scaled(options, EVENTS)
    const course = await layOutCourse({ ...options, processes: PROCESSES })
    try {
      course.go()
      await course.feed(1)
      await course.arrived(1)
      let highestLag = 0
      const startedMs = performance.now()
      const look = async () => {
        highestLag = Math.max(highestLag, course.fedCount() - (await course.arrivedCount()))
      }
      let isFed = false
      const watching = (async () => {
        while (!isFed) {
          await look()
          await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
        }
      })()
      for (let left = count; left > 0; left -= AT_ONCE) await course.feed(Math.min(left, AT_ONCE))
      const fedMs = performance.now()
      isFed = true
      await watching
      await look()
      options.tell(`burst: ${count} events fed within ${((fedMs - startedMs) / 1000).toFixed(1)} s, ${highestLag} wait`)
      await course.arrived(course.fedCount())
      const goneSeconds = (performance.now() - fedMs) / 1000
      return [
        { name: `burst of ${spaced(count)}: highest lag`, unit: 'events', value: highestLag },
        { name: `burst of ${spaced(count)}: gone after the last was fed`, unit: 's', value: goneSeconds },
        {
          name: `burst of ${spaced(count)}: handled`,
          unit: '1/s',
          value: (count / (performance.now() - startedMs)) * 1000,
        },
      ]
    } finally {
      await course.stop()
    }
  },
}

/** Thousands apart. */
export function spaced(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}
