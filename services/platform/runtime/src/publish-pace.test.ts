import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { PublishPace } from './publish-pace.ts'

const away = new HubError('BUS_UTILGJENGELIG', 'transient', 'away')
const tooLarge = new HubError('BUS_MELDING_FOR_STOR', 'permanent', 'too large')
const of = (key: string) => ({ topic: 'forsendelse', key })

test('as long as all goes well, much is published at a time', () => {
  const pace = new PublishPace()

  expect(pace.next(0)).toEqual({ size: 200, without: [] })
  pace.published([of('a'), of('b')])
  expect(pace.next(0)).toEqual({ size: 200, without: [] })
})

test('after a failure it goes event by event; the one that is refused alone holds its key, and the others go on', () => {
  const pace = new PublishPace()
  expect(pace.failed([of('a'), of('large'), of('b')], tooLarge, 0)).toMatchObject({ isAway: false })
  expect(pace.next(0)).toEqual({ size: 1, without: [] })
  pace.published([of('a')])
  expect(pace.failed([of('large')], tooLarge, 0)).toEqual({ restMs: 0, isAway: false })

  expect(pace.next(0)).toMatchObject({ size: 1, without: [of('large')] })
  expect([pace.holds('refused'), pace.holds('waiting')]).toEqual([true, false])
  for (let round = 0; round < 10; round += 1) pace.published([of('b')])
  expect(pace.next(1)).toMatchObject({ size: 200, without: [of('large')] })
})

test('a held key is tried again alone after a while, ever more rarely, in turns with the others, and let go when it is taken', () => {
  const pace = new PublishPace()
  pace.failed([of('large')], tooLarge, 0)

  expect(pace.dueInMs(100)).toBe(400)
  expect(pace.next(499)).toMatchObject({ size: 1 })
  expect(pace.next(500)).toEqual({ again: of('large') })
  expect(pace.next(500)).toMatchObject({ size: 1, without: [of('large')] })
  expect(pace.next(500)).toEqual({ again: of('large') })
  for (let failure = 0; failure < 10; failure += 1) pace.failed([of('large')], tooLarge, 1_000)
  expect(pace.dueInMs(1_000)).toBe(30_000)
  pace.published([of('large')])
  expect(pace.next(31_000)).toEqual({ size: 2, without: [] })
  expect(pace.holds('refused')).toBe(false)
  expect(pace.dueInMs(31_000)).toBe(Number.POSITIVE_INFINITY)
})

test('while nothing goes, one event is tried ever more rarely, and the first that goes lets all of them go', () => {
  const pace = new PublishPace()
  const rests = Array.from({ length: 9 }, (_, place) => pace.failed([of(`k${place}`)], away, 0))

  expect(rests.map(({ isAway }) => isAway)).toEqual([false, false, true, true, true, true, true, true, true])
  expect(rests.map(({ restMs }) => restMs)).toEqual([0, 0, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  pace.published([of('k9')])
  expect(pace.next(0)).toEqual({ size: 2, without: [] })
})

test('one partition that cannot be written does not count as a log that is away while others are', () => {
  const pace = new PublishPace()
  const outcomes = Array.from({ length: 20 }, (_, place) => {
    const failed = pace.failed([of(`k${place}`)], away, 0)
    pace.published([of('other')])
    return failed
  })

  expect(outcomes.filter(({ isAway }) => isAway)).toEqual([])
})
