import { writeSync } from 'node:fs'

/**
 * Loaded into the hub's process before its own main: answers over file descriptor 3 how much CPU the process has used, whenever it is told
 * anything over IPC. Ends with its parent.
 */
const ANSWERS = 3
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  writeSync(
    ANSWERS,
    `${JSON.stringify({ cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 2 ** 20 })}\n`,
  )
})
process.on('disconnect', () => process.exit(1))
