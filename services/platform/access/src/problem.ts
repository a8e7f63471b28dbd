/** One thing that is wrong with a request. */
export interface ProblemFault {
  /** The field or part, as the sender spells it: `dokumenter[1].filnavn`. Empty for the whole. */
  readonly path: string
  /** Constant, for programs. */
  readonly code: string
  /** For people, in Norwegian: the limit and the kind of what came; never a value. */
  readonly detail: string
}

/** A problem document (RFC 9457) as it goes over the wire. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly errors?: readonly ProblemFault[]
  /** Found again in the log. */
  readonly errorId?: string
}

/** What a problem is made of; texts in Norwegian, none with personal data. */
export interface ProblemParts {
  readonly status: number
  /** In capitals; also decides the `type`. */
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly ProblemFault[]
  readonly errorId?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal that is answered as a problem document. Thrown by routes, answered by `answerProblems`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly errors: readonly ProblemFault[]
  /** Headers that go with the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** The document itself. */
  readonly body: ProblemBody

  constructor(parts: ProblemParts, options?: ErrorOptions) {
    super(parts.detail, options)
    const { status, code, title, detail, errors = [], errorId } = parts
    this.status = status
    this.code = code
    this.errors = errors
    this.headers = parts.headers ?? {}
    this.body = {
      type: `urn:samband:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail,
      code,
      ...(errors.length === 0 ? {} : { errors }),
      ...(errorId === undefined ? {} : { errorId }),
    }
  }
}
