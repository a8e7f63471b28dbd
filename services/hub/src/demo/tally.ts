/** What was handed to the hub: one letter to one recipient. */
export interface ExpectedLetter {
  readonly mark: string
  /** Lower-case hex SHA-256 of the recipient's number, as SvarUt's simulator keeps it. */
  readonly mottakerHash: string
  readonly orgnr: string
  readonly isFiled: boolean
  /** Lower-case hex SHA-256 of each document, in order. */
  readonly documentHashes: readonly string[]
}

/** What one simulator of SvarUt took. */
export interface SeenAtSvarUt {
  readonly marks: readonly string[]
  readonly mottakerDigitalIdHash: string
  readonly dokumenter: readonly { readonly sha256: string }[]
}

/** What one Noark 5 core took. */
export interface SeenInCore {
  readonly orgnr: string
  readonly journalposter: readonly {
    readonly systemID: string
    readonly marks: readonly string[]
    readonly journalstatus: string | undefined
    readonly deleted: boolean
  }[]
  readonly filer: readonly {
    readonly journalpost: string | undefined
    readonly sha256: string
    readonly deleted: boolean
  }[]
}

/** The last line of `--exit`, counted at the simulators: one per letter and recipient. */
export interface Tally {
  readonly accepted: number
  /** Letters that SvarUt has with all their documents, byte by byte. */
  readonly sentAtSvarUt: number
  /** Letters to be filed that stand as sent (E) in their core with all their documents, byte by byte. */
  readonly filedInCore: number
  readonly parked: number
  /** Accepted, not parked, and missing at SvarUt, or in the core where it was to be filed. */
  readonly lost: number
  /** At SvarUt more than once, or with more than one journalpost. */
  readonly twice: number
}

const SENT_STATUS = 'E'

/** Counts what reached the simulators against what was accepted. Letters that were never accepted are not asked for here. */
export function tallyOf(
  accepted: readonly ExpectedLetter[],
  parked: ReadonlySet<string>,
  svarut: readonly SeenAtSvarUt[],
  cores: readonly SeenInCore[],
): Tally {
  const letters = accepted.map((letter) => {
    const sent = svarut.filter(
      (seen) => seen.marks.includes(letter.mark) && seen.mottakerDigitalIdHash === letter.mottakerHash,
    )
    const posts = cores
      .filter(({ orgnr }) => orgnr === letter.orgnr)
      .flatMap((core) =>
        core.journalposter.filter((post) => post.marks.includes(letter.mark)).map((post) => ({ core, post })),
      )
    return {
      isSent: sent.some((seen) => sameDocuments(letter, seen.dokumenter)),
      isFiled: posts.some(({ core, post }) => isWhole(letter, core, post)),
      isWanted: letter.isFiled,
      isParked: parked.has(letter.mark),
      isTwice: sent.length > 1 || posts.filter(({ post }) => !post.deleted).length > 1,
    }
  })
  const count = (test: (one: (typeof letters)[number]) => boolean) => letters.filter(test).length
  return {
    accepted: letters.length,
    sentAtSvarUt: count(({ isSent }) => isSent),
    filedInCore: count(({ isFiled }) => isFiled),
    parked: count(({ isParked }) => isParked),
    lost: count(({ isSent, isFiled, isWanted, isParked }) => !isParked && (!isSent || (isWanted && !isFiled))),
    twice: count(({ isTwice }) => isTwice),
  }
}

/** Whether everything that was accepted went out, once, and was filed where it was to be. */
export function isAllWell(tally: Tally, sent: { readonly letters: number; readonly toBeFiled: number }): boolean {
  return (
    tally.accepted === sent.letters &&
    tally.sentAtSvarUt === sent.letters &&
    tally.filedInCore === sent.toBeFiled &&
    tally.parked === 0 &&
    tally.lost === 0 &&
    tally.twice === 0
  )
}

function sameDocuments(letter: ExpectedLetter, seen: readonly { readonly sha256: string }[]): boolean {
  return letter.documentHashes.join() === seen.map(({ sha256 }) => sha256).join()
}

function isWhole(letter: ExpectedLetter, core: SeenInCore, post: SeenInCore['journalposter'][number]): boolean {
  const files = core.filer
    .filter((file) => !file.deleted && file.journalpost === post.systemID)
    .map(({ sha256 }) => sha256)
  const wanted = [...letter.documentHashes].sort().join()
  return !post.deleted && post.journalstatus === SENT_STATUS && files.sort().join() === wanted
}
