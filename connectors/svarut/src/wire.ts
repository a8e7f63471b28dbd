import { isoInstant } from '@samband/kernel'
import { z } from 'zod'

/** A UUID of any version, in lower case. */
const Id = z.guid().toLowerCase()

/** What a 200 of a send carries (Send v3). */
export const SendForsendelseResponse = z.object({ id: Id })
export type SendForsendelseResponse = z.infer<typeof SendForsendelseResponse>

/** A date-time of SvarUt, as ISO 8601 in UTC with milliseconds. One without an offset is read as UTC. */
const Tidspunkt = z.string().transform((text, context) => {
  const zoned = /(?:z|[+-]\d\d(?::?\d\d)?)$/i.test(text)
    ? text.replace(/([+-]\d\d)(\d\d)?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
    : `${text}Z`
  const epochMs = Date.parse(zoned)
  if (Number.isFinite(epochMs)) return isoInstant(epochMs)
  context.addIssue({ code: 'custom', message: 'expected a date-time' })
  return z.NEVER
})

/** Status v3. `status` stays a text: new values may come at any time. */
export const ForsendelseStatuser = z.object({
  statuser: z.array(z.object({ id: Id, status: z.string().min(1).max(100), sisteStatusEndring: Tidspunkt })),
})
export type ForsendelseStatuser = z.infer<typeof ForsendelseStatuser>

/** Ekstern ref v2, with metadata. An error body under 200 does not pass for an empty answer, even with an empty list in it. */
export const EksternRefOppslagMetadataResponse = z.object({
  forsendelser: z.array(z.object({ id: Id, dato: Tidspunkt })),
  errorId: z.undefined().optional(),
  errorCode: z.undefined().optional(),
  error: z.undefined().optional(),
})
export type EksternRefOppslagMetadataResponse = z.infer<typeof EksternRefOppslagMetadataResponse>

const text = z.string().optional().catch(undefined)

/** Fiks's error body. Every member may be missing or odd; `errorJson` is a text in the specification and an object in KS's own client. */
export const ErrorMessage = z.object({
  status: z.number().optional().catch(undefined),
  errorId: text,
  message: text,
  errorCode: text,
})
export type ErrorMessage = z.infer<typeof ErrorMessage>
