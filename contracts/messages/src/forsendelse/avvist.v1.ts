import { z } from 'zod'
import type { EventData } from '../define-event.ts'
import { defineEvent } from '../define-event.ts'
import { EksternReferanse, ForsendelseId, Tidspunkt } from '../ids.ts'

/** Who can put it right; decides where the case shows up. */
export const Ansvarlig = z
  .enum(['saksbehandler', 'arkivar', 'drift', 'KS'])
  .describe(
    'Who can put it right: saksbehandler (content), arkivar (archive), drift (the hub and its set-up), KS (SvarUt).',
  )
export type Ansvarlig = z.infer<typeof Ansvarlig>

/** The hub could not send the forsendelse, and it is certain that it did not leave. Nothing has reached the mottaker. */
export const ForsendelseAvvistV1 = defineEvent({
  type: 'no.samband.forsendelse.avvist.v1',
  topic: 'forsendelse',
  subject: 'forsendelse',
  key: (data) => data.forsendelseId,
  describe: 'The hub could not send the forsendelse; it is certain that nothing has left.',
  data: z.object({
    forsendelseId: ForsendelseId,
    eksternReferanse: EksternReferanse,
    code: z
      .string()
      .regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/, 'Expected an error code <SYSTEM>_<WHAT>')
      .max(80)
      .describe('Error code <SYSTEM>_<WHAT>, such as SVARUT_UGYLDIG_FORSENDELSE.'),
    arsak: z
      .string()
      .min(1)
      .max(500)
      .regex(
        /^(?!.*[0-9]{6}[ -]?[0-9]{5})\P{Cc}*$/u,
        'Expected a sentence without control characters and without eleven digits in a row',
      )
      .describe(
        "Why, in Norwegian: the constant sentence that belongs to the code, never the foreign system's own text, which may quote personal data.",
      ),
    hvem: Ansvarlig,
    avvistTidspunkt: Tidspunkt.describe('When the hub gave up; UTC.'),
  }),
})
export type ForsendelseAvvistV1 = EventData<typeof ForsendelseAvvistV1>
