/** A column of a table: its heading and how wide it is, in characters. */
export interface Column {
  readonly heading: string
  readonly width: number
}

/** `text` in exactly `width` characters, cut with an ellipsis when it is longer. */
export function inWidth(text: string, width: number): string {
  const characters = [...text]
  if (characters.length <= width) return text + ' '.repeat(width - characters.length)
  return width <= 0 ? '' : `${characters.slice(0, width - 1).join('')}…`
}

/** Columns with two spaces between them, a heading and a rule below it. The last column takes what is left of `width`. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const GAP = '  '
  const taken = columns.slice(0, -1).reduce((sum, column) => sum + column.width + GAP.length, 0)
  const widths = columns.map((column, place) =>
    place === columns.length - 1 ? Math.max(8, width - taken) : column.width,
  )
  const line = (cells: readonly string[]) =>
    widths.map((columnWidth, place) => inWidth(cells[place] ?? '', columnWidth)).join(GAP)
  return [
    line(columns.map(({ heading }) => heading)),
    widths.map((columnWidth) => '─'.repeat(columnWidth)).join(GAP),
    ...rows.map(line),
  ].map((text) => inWidth(text, width).trimEnd())
}

/** Words in lines of at most `width` characters; every line but the first begins with `indent` spaces. Longer words stand alone. */
export function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let words: string[] = []
  for (const word of text.split(' ')) {
    const room = lines.length === 0 ? width : width - indent
    if (words.length > 0 && [...words.join(' '), ' ', ...word].length > room) {
      lines.push(words.join(' '))
      words = []
    }
    words.push(word)
  }
  return [...lines, words.join(' ')].map((line, place) => (place === 0 ? line : ' '.repeat(indent) + line))
}

/** `23 of 40` as blocks. */
export function bar(done: number, all: number, width: number): string {
  const full = all === 0 ? 0 : Math.round((done / all) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** Bytes as people write them: `80 kB`, `41,5 MB`. */
export function sizeText(sizeBytes: number): string {
  if (sizeBytes < 1_000_000) return `${Math.ceil(sizeBytes / 1000)} kB`
  return `${(sizeBytes / 1_000_000).toFixed(1).replace('.', ',')} MB`
}

/** Milliseconds as seconds with one decimal: `12,4 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).replace('.', ',')} s`
}
