import { createHash } from 'node:crypto'

/** Randomness of one history: everything that is chosen is chosen here, so a seed gives the same history again. */
export class Random {
  #state: [number, number, number, number]

  constructor(seed: string) {
    const bytes = createHash('sha256').update(seed).digest()
    this.#state = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
    for (let round = 0; round < 12; round++) this.#next()
  }

  /** sfc32 (Chris Doty-Humphrey): small, fast, long enough a period. */
  #next(): number {
    let [a, b, c, d] = this.#state
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    this.#state = [a, b, c, d]
    return sum >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.#next() / 4294967296
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length - 1)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; at++) bytes[at] = this.between(0, 255)
    return bytes
  }

  uuid(): string {
    const hex = Buffer.from(this.bytes(16)).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
