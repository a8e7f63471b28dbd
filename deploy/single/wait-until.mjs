/**
 * Waits until an address answers 200: `node wait-until.mjs <address> <seconds> [<pid>]`. Ends with 1, and what was answered last, when it does not within
 * that time, or when the process of that number has ended. Plain JavaScript, since it is asked about a release that may not run.
 */
const [address, seconds, pid] = process.argv.slice(2)
const deadline = performance.now() + Number(seconds) * 1_000
let last = 'nothing'
for (;;) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(5_000) })
    if (answer.status === 200) break
    last = `${answer.status} ${await answer.text()}`
  } catch (error) {
    last = error.cause?.code ?? error.name
  }
  if (performance.now() > deadline || hasEnded()) {
    const why = hasEnded() ? 'before its process ended' : `within ${seconds} s`
    process.stderr.write(`${address} did not answer 200 ${why}; the last answer was: ${last}\n`)
    process.exit(1)
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
}

function hasEnded() {
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}
