import { expect, test } from 'vitest'
import { createScreen, type Output } from './screen.ts'

function output(change: Partial<Output> = {}): Output & { text(): string } {
  const written: string[] = []
  return { write: (text) => written.push(text), text: () => written.join(''), ...change }
}

test('without a terminal there are plain lines, no colours and no picture', () => {
  const out = output()
  const screen = createScreen(out, true)
  screen.show(() => ['bilde'])
  screen.event(1_234, 'AUK-1', 'SvarUt har overtatt brevet')
  screen.redraw()
  screen.close()
  expect(out.text()).toBe('  1,2 s  AUK-1         SvarUt har overtatt brevet\n')
  expect(screen.isShowing).toBe(false)
})

test('in a terminal the picture is drawn over its former self and stays below the lines', () => {
  const out = output({ isTTY: true, columns: 80, rows: 24 })
  const screen = createScreen(out, false)
  screen.show(() => ['en', 'to'])
  expect(screen.isShowing).toBe(true)
  screen.raw('hendelse')
  // Three lines up: an empty one and two of the picture.
  expect(out.text()).toContain('\u001b[3A\rhendelse\u001b[K\n\u001b[K\nen\u001b[K\nto\u001b[K\n\u001b[J')
})

test('the cursor comes back', () => {
  const out = output({ isTTY: true })
  const screen = createScreen(out, false)
  screen.show(() => ['en'])
  screen.close()
  screen.close()
  expect(out.text().endsWith('\u001b[?25h')).toBe(true)
})

test('a picture gets as much room as the terminal has', () => {
  const asked: number[][] = []
  const screen = createScreen(output({ isTTY: true, columns: 72, rows: 20 }), false)
  screen.show((width, lines) => {
    asked.push([width, lines])
    return []
  })
  expect(asked).toEqual([[71, 17]])
})
