import { expect, test } from 'vitest'
import { Random } from '../../histories/random.ts'
import { PlaceBook } from './place-book.ts'

/** A book after a first life that came to these places. */
function bookAfter(...places: string[]): PlaceBook {
  const book = new PlaceBook()
  book.nextLife()
  for (const place of places) book.seen(place)
  return book
}

test('in the end the process has died at every place that there is', () => {
  const random = new Random('test')
  const book = bookAfter('store a before', 'store a after', 'http POST x sent')
  for (let life = 0; life < 3; life++) {
    book.nextLife()
    const [place = ''] = Object.keys(book.orders(random).orders)
    book.seen(place)
    book.died(place)
  }

  expect(book.missing()).toEqual([])
  expect(book.hit()).toEqual(['http POST x sent', 'store a after', 'store a before'])
  expect(book.orders(random)).toEqual({ orders: {}, target: undefined })
})

test('a place that comes up only after a fault is hit as soon as it comes up again, whatever else is wanted', () => {
  const book = bookAfter('store a before')
  book.nextLife()
  book.seen('store rare before')
  book.nextLife()

  expect(book.orders(new Random('test'))).toMatchObject({
    orders: { 'store rare before': 1, 'store a before': 1 },
    target: 'store a before',
  })
})

test('orders no later hit than has come up in one life, and the first one when that did not come', () => {
  const random = new Random('test')
  const hits = Array.from({ length: 50 }, () => {
    const book = bookAfter('file write after', 'file write after', 'file write after')
    return [book.orders(random), book.orders(random)].map(({ orders }) => orders['file write after'])
  })

  expect(new Set(hits.map(([first]) => first))).toEqual(new Set([1, 2, 3]))
  expect(new Set(hits.map(([, second]) => second))).toEqual(new Set([1]))
})

test('what comes up only at the first start is told, and not waited for in later lives', () => {
  const random = new Random('test')
  const book = bookAfter('store create before', 'store a before')
  for (let life = 0; life < 5; life++) {
    book.nextLife()
    book.seen('store a before')
  }

  expect(book.onlyAtFirst()).toEqual(['store create before'])
  expect(Array.from({ length: 20 }, () => book.orders(random).target)).not.toContain('store create before')
})
