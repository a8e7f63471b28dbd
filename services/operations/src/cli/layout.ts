/** Laying out text for a terminal. What comes from elsewhere is made harmless: no control characters reach the terminal. */

const OSLO = new Intl.DateTimeFormat('nb-NO', {
  timeZone: 'Europe/Oslo',
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** An instant as people in Norway read it: `02.03.2026 09:00:00`, in Europe/Oslo. */
export function osloTime(instant: string): string {
  const epochMs = Date.parse(instant)
  if (Number.isNaN(epochMs)) return instant
  const parts = Object.fromEntries(OSLO.formatToParts(epochMs).map(({ type, value }) => [type, value]))
  return `${parts['day']}.${parts['month']}.${parts['year']} ${parts['hour']}:${parts['minute']}:${parts['second']}`
}

/** One column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand to the right. */
  readonly align?: 'right'
}

/** A table with a line under its head. The last column is wrapped at `width`; lines have no trailing blanks. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  width: number,
): string {
  const cells = rows.map((row) => row.map((cell) => harmless(String(cell))))
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0)
  const lastWidth = Math.max(20, width - before)
  const line = (row: readonly string[]): string => {
    const head = row.slice(0, -1).map((cell, index) => fill(cell, widths[index] ?? 0, columns[index]?.align))
    const last =
      columns.at(-1)?.align === 'right' ? fill(row.at(-1) ?? '', widths.at(-1) ?? 0, 'right') : (row.at(-1) ?? '')
    const [first = '', ...more] = wrap(last, lastWidth)
    return [[...head, first].join('  ').trimEnd(), ...more.map((one) => ' '.repeat(before) + one)].join('\n')
  }
  const rule = widths
    .map((one, index) => '─'.repeat(index === widths.length - 1 ? Math.min(one, lastWidth) : one))
    .join('  ')
  return [line(columns.map((column) => column.title)), rule, ...cells.map(line)].join('\n')
}

/** Names and values below each other, values wrapped and aligned. */
export function facts(pairs: readonly (readonly [name: string, value: string])[], width: number, indent = 0): string {
  const left = Math.max(...pairs.map(([name]) => name.length)) + 2
  return pairs
    .flatMap(([name, value]) =>
      wrap(harmless(value), Math.max(20, width - left - indent)).map((line, index) => {
        const head = index === 0 ? `${name}:`.padEnd(left) : ' '.repeat(left)
        return `${' '.repeat(indent)}${head}${line}`.trimEnd()
      }),
    )
    .join('\n')
}

/** A heading with its text below, apart from the next by an empty line. */
export function section(title: string, text: string): string {
  return `${title}\n${text}`
}

function fill(text: string, width: number, align: 'right' | undefined): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width)
}

/** Breaks at blanks where it can; a longer word stands alone on its line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Text without the control and format characters that could write anywhere on a terminal; line ends stay. */
export function printable(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Cf}]/gu, '·')
}

function harmless(text: string): string {
  return printable(text.replaceAll(/[\n\r\t]+/g, ' '))
}
