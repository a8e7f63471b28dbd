import { seconds, wrap } from './table.ts'

/** Where the demo writes: a terminal, a pipe or a test. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What the picture at the foot of a terminal is drawn from, as wide and high as it may be. */
export type Picture = (width: number, mostLines: number) => readonly string[]

const WIDEST = 100
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** Colours by job; no colour where the output is no terminal or NO_COLOR is set. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  wait(text: string): string
  dim(text: string): string
  strong(text: string): string
}

/** Lines that scroll, and below them, in a terminal, a picture that is redrawn in its place. */
export interface Screen {
  readonly paint: Paint
  /** A picture is at the foot of the terminal now. */
  readonly isShowing: boolean
  readonly width: number
  /** One event; wrapped below its own beginning. `label` names whom it is about. */
  event(atMs: number, label: string, text: string): void
  heading(text: string): void
  /** A line as it is, unwrapped: commands that are to be copied. */
  raw(text?: string): void
  /** A sentence or more, wrapped. */
  say(text: string, indent?: number): void
  /** Draws the picture at the foot of a terminal from now on; `undefined` takes it away. Elsewhere nothing happens. */
  show(picture: Picture | undefined): void
  /** Draws the picture anew. */
  redraw(): void
  /** Takes the picture away and gives the cursor back. Safe to repeat. */
  close(): void
}

/** Makes a screen on an output. */
export function createScreen(out: Output, hasColour: boolean): Screen {
  const isLive = out.isTTY === true
  const paint = paintOf(isLive && hasColour)
  let picture: Picture | undefined
  let drawn = 0

  const width = () => Math.min(WIDEST, Math.max(60, (out.columns ?? WIDEST) - (isLive ? 1 : 0)))
  /** Goes up over the picture, writes the lines and the picture over it, and clears what is left: no blank moment in between. */
  const put = (lines: readonly string[]) => {
    if (!isLive) return void out.write(lines.map((line) => `${line}\n`).join(''))
    const shown = picture === undefined ? [] : ['', ...picture(width(), Math.max(8, (out.rows ?? 24) - 3))]
    const up = drawn === 0 ? '' : `\u001b[${drawn}A\r`
    drawn = shown.length
    out.write(`${up}${[...lines, ...shown].map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`)
  }

  return {
    paint,
    get isShowing() {
      return isLive && picture !== undefined
    },
    get width() {
      return width()
    },
    event(atMs, label, text) {
      const lead = `${seconds(atMs).padStart(7)}  ${label.padEnd(LABEL_WIDTH)}  `
      put(wrap(`${lead}${text}`, width(), lead.length).map((line) => tinted(line, paint)))
    },
    heading: (text) => put(['', paint.strong(text), paint.dim('─'.repeat(Math.min(width(), [...text].length)))]),
    raw: (text = '') => put([text]),
    say: (text, indent = 0) => put(wrap(' '.repeat(indent) + text, width(), indent)),
    show(next) {
      if (!isLive) return
      if (picture === undefined && next !== undefined) out.write(HIDE_CURSOR)
      picture = next
      put([])
      if (next === undefined) out.write(SHOW_CURSOR)
    },
    redraw() {
      if (isLive && picture !== undefined) put([])
    },
    close() {
      if (!isLive || picture === undefined) return
      picture = undefined
      put([])
      out.write(SHOW_CURSOR)
    },
  }
}

const LABEL_WIDTH = 12

function tinted(line: string, paint: Paint): string {
  return line.includes('STANSET') ? paint.bad(line) : line
}

function paintOf(isOn: boolean): Paint {
  const colour = (code: number) => (text: string) => (isOn ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { good: colour(32), bad: colour(31), wait: colour(33), dim: colour(2), strong: colour(1) }
}
