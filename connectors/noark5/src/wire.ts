import { z } from 'zod'

/** A JSON object from the core, with members nobody has looked at yet. */
export type Wire = Readonly<Record<string, unknown>>

/** Any JSON object. */
export const Wire = z.record(z.string(), z.unknown())

/** A coded value. On input the core wants the pair as in its own list. */
export const Kode = z.looseObject({ kode: z.string(), kodenavn: z.string().nullish() })
export type Kode = z.infer<typeof Kode>

/** Shielding as the core shows it (TG 1.1, Skjerming). */
export const WireSkjerming = z.looseObject({
  tilgangsrestriksjon: Kode,
  skjermingshjemmel: z.string(),
  skjermingMetadata: z.array(Kode).nullish(),
})
export type WireSkjerming = z.infer<typeof WireSkjerming>

/** What every object that can be created has in the answer (TG 1.1, Arkivenhet). */
export const WireObject = z.looseObject({ systemID: z.string().min(1) })

/** A page of a list: `count` is the total; an empty list has no `results`. */
export const WireList = z.looseObject({
  count: z.number().int().nonnegative().optional(),
  results: z.array(Wire).optional(),
})

/** An entry of a code list. `inaktiv` and `utdatert` are the two spellings for a value no longer in use. */
export const WireCode = z.looseObject({
  kode: z.string().min(1),
  kodenavn: z.string().nullish(),
  inaktiv: z.boolean().nullish(),
  utdatert: z.string().nullish(),
})
export type WireCode = z.infer<typeof WireCode>

/** `R:admin/system/`: the largest upload in one request in bytes, 0 for no limit. */
export const WireSystem = z.looseObject({ bulkgrense: z.number().int().nonnegative().nullish() })

/** OpenID Connect Discovery 1.0: all we need of it. */
export const WireOidc = z.looseObject({ token_endpoint: z.url().optional() })

/** RFC 6749 §5.1. */
export const WireToken = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.number().optional(),
})
export type WireToken = z.infer<typeof WireToken>

/**
 * What an error body says, for the connector's own eyes: it may hold SQL, paths or what the sender wrote, and is never shown.
 * Knows `{feil:{kode,beskrivelse}}` of the standard and `{status,message,…}` of Nikita; anything else gives the body's text.
 */
export function errorText(json: unknown, body: Uint8Array): string {
  if (typeof json === 'object' && json !== null) {
    const { feil, message, beskrivelse } = json as Record<string, unknown>
    if (typeof feil === 'object' && feil !== null) {
      const text = (feil as Record<string, unknown>)['beskrivelse']
      if (typeof text === 'string') return text
    }
    if (typeof message === 'string') return message
    if (typeof beskrivelse === 'string') return beskrivelse
  }
  return new TextDecoder().decode(body.subarray(0, 4096))
}

/** True for an error body, also under HTTP 200: a `feil`, or a numeric `status` with neither systemID nor list members. */
export function isErrorBody(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return true
  if (Array.isArray(json)) return true
  const { feil, status, error, count, results, systemID } = json as Record<string, unknown>
  if (feil !== undefined) return true
  if (count !== undefined || results !== undefined || systemID !== undefined) return false
  return typeof status === 'number' || typeof error === 'string'
}
