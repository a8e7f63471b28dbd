import type { LetterView } from '@samband/forsendelse-intake'
import { cellsOf, eventsBetween, type ProgressEvent, type ShownLetter, type Standing, standingOf } from './progress.ts'
import type { Paint, Picture } from './screen.ts'
import { bar, type Column, sizeText, tableLines } from './table.ts'

/** A letter on the board, with the id the hub gave it once it was taken. */
export interface BoardLetter extends ShownLetter {
  readonly id: string | undefined
}

const COLUMNS: readonly Column[] = [
  { heading: 'Kommune', width: 7 },
  { heading: 'Referanse', width: 12 },
  { heading: 'Innhold', width: 14 },
  { heading: 'Arkiv', width: 18 },
  { heading: 'SvarUt', width: 9 },
  { heading: 'Nå', width: 29 },
]
const BAR_WIDTH = 24
/** Lines of the table besides its rows: heading, rule, an empty line, the bar. */
const FRAME_LINES = 4

/** The letters that are shown, and how each stands. */
export class Board {
  readonly #letters = new Map<string, BoardLetter>()

  /** Puts a letter at the end, or replaces what is known of it. */
  put(letter: BoardLetter): void {
    this.#letters.set(nameOf(letter.kommune, letter.eksternReferanse), letter)
  }

  get(kommune: string, eksternReferanse: string): BoardLetter | undefined {
    return this.#letters.get(nameOf(kommune, eksternReferanse))
  }

  /** Takes the API's answer in and tells what has happened since the one before. */
  update(kommune: string, view: LetterView): ProgressEvent[] {
    const name = nameOf(kommune, view.eksternReferanse)
    const known = this.#letters.get(name)
    if (known === undefined) return []
    this.#letters.set(name, { ...known, id: view.id, view })
    return eventsBetween(known.view, view)
  }

  /** Letters that may still change, the ones that were parked among them. */
  open(): BoardLetter[] {
    return [...this.#letters.values()].filter((letter) => letter.id !== undefined && standingOf(letter) !== 'ferdig')
  }

  count(standing: Standing): number {
    return [...this.#letters.values()].filter((letter) => standingOf(letter) === standing).length
  }

  get size(): number {
    return this.#letters.size
  }

  /** The table, with as many rows as there is room for: those that are done give way first. */
  picture(paint: Paint): Picture {
    return (width, mostLines) => {
      const letters = [...this.#letters.values()]
      const room = Math.max(3, mostLines - FRAME_LINES)
      const shown = letters.length <= room ? letters : fewer(letters, room - 1)
      const [heading = '', rule = '', ...rows] = this.#table(shown, width)
      const hidden = letters.length - shown.length
      return [
        heading,
        paint.dim(rule),
        ...rows.map((row, place) => tinted(row, standingOf(shown[place] as ShownLetter), paint)),
        ...(hidden > 0 ? [paint.dim(`… og ${hidden} til`)] : []),
        '',
        this.#bar(),
      ]
    }
  }

  /** The table without colours, for an output that is no terminal. */
  lines(width: number): string[] {
    return this.#table([...this.#letters.values()], width)
  }

  #table(letters: readonly BoardLetter[], width: number): string[] {
    return tableLines(
      COLUMNS,
      letters.map((letter) => cellsOf(letter, contentText(letter))),
      width,
    )
  }

  #bar(): string {
    const done = this.count('ferdig')
    return `${bar(done, this.size, BAR_WIDTH)}  ${done} av ${this.size} ferdig, ${this.count('venter')} venter, ${this.count('stanset')} stanset`
  }
}

/** Two municipalities may use the same reference. */
function nameOf(kommune: string, eksternReferanse: string): string {
  return `${kommune} ${eksternReferanse}`
}

/** Those that are not done, then the newest of the others; in the order of the board. */
function fewer(letters: readonly BoardLetter[], most: number): BoardLetter[] {
  const open = letters.filter((one) => standingOf(one) !== 'ferdig')
  const done = letters.filter((one) => standingOf(one) === 'ferdig').reverse()
  const wanted = new Set([...open, ...done].slice(0, most))
  return letters.filter((one) => wanted.has(one))
}

function contentText({ documents, sizeBytes }: BoardLetter): string {
  return documents === 0 ? '' : `${documents} dok. ${sizeText(sizeBytes)}`
}

function tinted(row: string, standing: Standing, paint: Paint): string {
  if (standing === 'ferdig') return paint.good(row)
  if (standing === 'stanset') return paint.bad(row)
  return standing === 'venter' ? paint.wait(row) : row
}
