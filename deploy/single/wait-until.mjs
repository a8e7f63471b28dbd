/**
 * Waits until an address answers 200: `node wait-until.mjs <address> <seconds>`. Ends with 1, and what was answered last, when it does not within
 * that time. Plain JavaScript, since it is asked about a release that may not run.
 */
const [address, seconds] = process.argv.slice(2)
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
  if (performance.now() > deadline) {
    console.error(`${address} did not answer 200 within ${seconds} s; the last answer was: ${last}`)
    process.exit(1)
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
}
