/** A refusal that a core words in its own way, recognised by status and a piece of its message (compared in lower case). */
export interface KnownRefusal {
  readonly status: number
  readonly contains: string
  /** `concurrent`: another write came in between. `exists`: something with this systemID is there. `blocked`: no further upload. */
  readonly means: 'concurrent' | 'exists' | 'blocked'
}

/** In what a core differs from others, as data. A tenant's file names one and may change some members. */
export interface NoarkProfile {
  readonly name: string
  /** The core keeps the systemID we send and refuses a second object with it. False: look-ups never say "not there". */
  readonly systemIdKept: boolean
  /** Which headers carry the ETag of an update. */
  readonly etagHeaders: readonly ('If-Match' | 'ETag')[]
  readonly update: 'patch' | 'put'
  /** A list with `$filter` shows only what our own user made: nothing found there means to read the list without filter. */
  readonly filterHidesOthers: boolean
  /** Whether a later update of sendtDato is kept. */
  readonly sendtDatoUpdates: boolean
  /** Uploads above bulkgrense go in pieces; false: always one request. */
  readonly chunks: boolean
  /** Written before the numbers in Content-Range: nothing in the standard's examples, `bytes ` in HTTP. */
  readonly contentRangeUnit: '' | 'bytes '
  /** HTTP statuses of GET fil that mean "no file yet". */
  readonly noFileStatuses: readonly number[]
  readonly knownRefusals: readonly KnownRefusal[]
  /** Where the skjerming of a journalpost can be read. */
  readonly journalpostSkjerming: 'self' | 'registrering'
  /** Whether skjerming takes a list skjermingMetadata. */
  readonly skjermingMetadata: boolean
  readonly adresse: 'koder' | 'tekst'
  /** Whether a korrespondansepartintern can be made. */
  readonly internPart: boolean
  readonly koder: {
    readonly saksstatus: string
    readonly journalposttype: string
    /** Reserved: the journalpost can still be undone. */
    readonly journalstatus: string
    readonly journalstatusEkspedert: string
    readonly dokumenttype: string
    readonly dokumentstatus: string
    readonly variantformat: string
  }
  /**
   * Format codes per MIME type, best first: the first that the core's list has is sent. Where none is named the core finds out itself
   * (TG 1.1: fields not given are filled in). PDF is left to the core: fmt/95 and fmt/354 claim PDF/A, which nobody has checked.
   */
  readonly formats: Readonly<Record<string, readonly string[]>>
}

/** Noark 5 tjenestegrensesnitt 1.1 as written. */
export const STANDARD_PROFILE: NoarkProfile = {
  name: 'standard',
  systemIdKept: true,
  etagHeaders: ['If-Match', 'ETag'],
  update: 'patch',
  filterHidesOthers: false,
  sendtDatoUpdates: true,
  chunks: true,
  contentRangeUnit: '',
  noFileStatuses: [404],
  knownRefusals: [],
  journalpostSkjerming: 'self',
  skjermingMetadata: true,
  adresse: 'koder',
  internPart: true,
  koder: {
    saksstatus: 'B',
    journalposttype: 'U',
    journalstatus: 'R',
    journalstatusEkspedert: 'E',
    dokumenttype: 'B',
    dokumentstatus: 'F',
    variantformat: 'P',
  },
  formats: {
    'text/plain': ['x-fmt/111'],
    'text/xml': ['fmt/101'],
    'application/xml': ['fmt/101'],
    'image/tiff': ['fmt/353'],
    'image/jpeg': ['fmt/42'],
    'image/png': ['fmt/13', 'fmt/11'],
    'video/mpeg': ['x-fmt/386'],
    'audio/mpeg': ['fmt/134'],
  },
}

/** Nikita 0.6, as observed on a running core. */
export const NIKITA_PROFILE: NoarkProfile = {
  ...STANDARD_PROFILE,
  name: 'nikita',
  etagHeaders: ['ETag'],
  update: 'put',
  filterHidesOthers: true,
  sendtDatoUpdates: false,
  chunks: false,
  noFileStatuses: [400, 404, 500],
  knownRefusals: [
    { status: 400, contains: 'optimistic locking', means: 'concurrent' },
    { status: 400, contains: 'filealreadyexists', means: 'blocked' },
    { status: 400, contains: 'constraint', means: 'exists' },
  ],
  journalpostSkjerming: 'registrering',
  skjermingMetadata: false,
  adresse: 'tekst',
  internPart: false,
  koder: { ...STANDARD_PROFILE.koder, journalstatus: 'M' },
}
