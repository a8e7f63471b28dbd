/** One thing a bench found out. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it ought to be; left out: a figure to know, not to reach. */
  readonly aim?: { readonly atMost: number } | { readonly atLeast: number }
  /** Lowest and highest of the rounds whose median `value` is. */
  readonly range?: { readonly lowest: number; readonly highest: number }
}

/** A part of the bench, which runs alone with `--only`. */
export interface Part {
  readonly name: string
  measure(options: PartOptions): Promise<readonly Figure[]>
}

/** How a part is run. */
export interface PartOptions {
  /** Folder for V8's CPU profiles of the hub; left out: none are taken. */
  readonly profileFolder: string | undefined
  readonly tell: (sentence: string) => void
}

/** Whether the aim is reached; `undefined` where there is none. */
export function isHit({ aim, value }: Figure): boolean | undefined {
  if (aim === undefined) return undefined
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast
}

/** The value below which `share` (0 to 1) of the samples lie. @throws when there are none */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (value === undefined) throw new Error('a bench without samples')
  return value
}

/** The middle one of several rounds, with the lowest and the highest. */
export function medianOf(rounds: readonly number[]): Required<Pick<Figure, 'value' | 'range'>> {
  return { value: quantile(rounds, 0.5), range: { lowest: Math.min(...rounds), highest: Math.max(...rounds) } }
}
