import { HubError } from '@samband/kernel'
import type { z } from 'zod'
import type { HttpResponse } from './http.ts'

/** Who answered, and whether the request changed anything there. */
export interface AnswerContext {
  /** Prefix of the error code. */
  readonly system: string
  /** True: an odd answer is transient. False: it leaves the outcome unknown. */
  readonly reads: boolean
}

/**
 * The JSON of an answer, or `undefined` when it is none. Duplicate members are tolerated, the last one counts. Never throws;
 * for error bodies, which may be anything.
 */
export function jsonOf(response: Pick<HttpResponse, 'body'>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(response.body))
  } catch {
    return undefined
  }
}

/**
 * Reads an answer with a schema. Neither the message nor the cause holds any of the content, only where it differs.
 *
 * @throws HubError `<SYSTEM>_UVENTET_SVAR`: unknown-outcome, or transient for reads
 */
export function parseAnswer<T>(schema: z.ZodType<T>, response: HttpResponse, context: AnswerContext): T {
  const parsed = schema.safeParse(jsonOf(response))
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.slice(0, 5).map((issue) => `${pathText(issue.path) || '(root)'}: ${issue.code}`)
  throw new HubError(
    `${context.system}_UVENTET_SVAR`,
    context.reads ? 'transient' : 'unknown-outcome',
    `${context.system} answered ${response.status} with a body of another shape than agreed (${places.join('; ')}). Compare with the specification in the connector's README.`,
  )
}

/** A zod path as the sender would write it: `mottaker.adresse`, `dokumenter[1].filnavn`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}
