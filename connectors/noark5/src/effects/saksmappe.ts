import { evidenceFault } from '@samband/connector-kit'
import type { Effect, ProbeAnswer } from '@samband/kernel'
import type { Context, InnholdRef } from '../context.ts'
import type { Core } from '../core.ts'
import type { PreparedCreate } from '../create.ts'
import { create, evidenceOf } from '../create.ts'
import { nothing } from '../errors.ts'
import { SaksmappeEvidence } from '../evidence.ts'
import { lookUp } from '../look-up.ts'
import type { Seen } from '../reading.ts'
import { skjermingToSend } from '../shielding.ts'
import { toSaksmappe } from '../translate.ts'

/** Which saksmappe, and the letter that needs it first. */
export type OpprettSaksmappeInput = {
  /** From `saksmappeKey`. */
  readonly saksmappeKey: string
  readonly innhold: InnholdRef
}

type Prepared = { readonly found: SaksmappeEvidence } | { readonly create: PreparedCreate }

/**
 * Finds or makes the saksmappe. Shared by all letters of a case, so only its identity is fixed; with mappeID it is looked up and never made.
 *
 * @throws NothingHappened NOARK5_KLASSE_MANGLER, NOARK5_ARKIVDEL_…, NOARK5_KODE_MANGLER, NOARK5_SAKSMAPPE_FINNES_IKKE (permanent); see `create`
 * @see TG 1.1, 5.4 and 7.2.3.10: saksmappe
 */
export function opprettSaksmappe(context: Context): Effect<OpprettSaksmappeInput, Prepared, SaksmappeEvidence> {
  return {
    name: 'noark5.opprettSaksmappe',
    guarantee: 'unique',
    subject: ({ saksmappeKey }) => saksmappeKey,
    discriminator: () => 'saksmappe',
    identity: ({ systemId }) => systemId,
    evidenceFault: evidenceFault(SaksmappeEvidence),
    fixed: ({ saksmappeKey }) => ({ saksmappeKey }),
    async prepare(key, input, to, signal) {
      const core = context.core(to)
      const innhold = await context.innhold(to, input.innhold)
      const { arkivdel, klasse, saksmappe } = innhold.arkiv
      if ('mappeID' in saksmappe) return { found: await mustFind(core, saksmappe.mappeID, signal) }
      const url = await core.discovery.nySaksmappe(arkivdel ?? to.account, klasse, signal)
      const saksstatus = await core.codes.pair('saksstatus', core.profile.koder.saksstatus, signal)
      const skjerming = await skjermingToSend(core, innhold, 'arkiv.saksmappe.skjerming', signal)
      const body = toSaksmappe(key, saksmappe, { saksstatus }, skjerming)
      const authorization = await core.authorization(signal)
      return { create: { core, kind: 'saksmappe', key, url, body, authorization, parent: undefined } }
    },
    async act(prepared, attempt) {
      if ('found' in prepared) return prepared.found
      return madeEvidence(await create(prepared.create, attempt), prepared.create.key)
    },
    async probe(key, input, to, signal): Promise<ProbeAnswer<SaksmappeEvidence>> {
      const core = context.core(to)
      const { saksmappe } = (await context.innhold(to, input.innhold)).arkiv
      // What is only looked up leaves nothing behind: there is no question to ask.
      if ('mappeID' in saksmappe) return { kind: 'not-there' }
      const answer = await lookUp(core, { kind: 'saksmappe', key, parent: undefined, tittel: saksmappe.tittel }, signal)
      return answer.kind === 'there' ? { kind: 'there', evidence: madeEvidence(answer.evidence, key) } : answer
    },
  }
}

function madeEvidence(found: Seen, key: string): SaksmappeEvidence {
  return { ...evidenceOf(found, key), mappeId: mappeIdOf(found), laget: true }
}

function mappeIdOf({ wire }: Seen): string | null {
  return typeof wire['mappeID'] === 'string' ? wire['mappeID'] : null
}

async function mustFind(core: Core, mappeID: string, signal: AbortSignal): Promise<SaksmappeEvidence> {
  const list = await core.discovery.list('sakarkiv', 'sakarkiv/saksmappe', signal)
  const [found, another] = await core.discovery.where(list, 'mappeID', mappeID, signal)
  if (found && !another && typeof found.wire['systemID'] === 'string') {
    core.recent.set(found.self, found.links)
    return { ...evidenceOf(found, ''), egenId: null, mappeId: mappeID, laget: false }
  }
  const message = another
    ? 'Several saksmapper have the mappeID that was given.'
    : 'No saksmappe has the mappeID that was given, or the user does not see it.'
  throw nothing('NOARK5_SAKSMAPPE_FINNES_IKKE', 'permanent', message, { path: 'arkiv.saksmappe.mappeID' })
}
