import type { Skjerming } from './arkiv.ts'
import type { Core } from './core.ts'
import { parentOf } from './create.ts'
import { nothing } from './errors.ts'
import { equals, filtered } from './filter.ts'
import type { Innhold } from './innhold.ts'
import { entriesOf } from './list.ts'
import type { Kind, Parent } from './look-up.ts'
import { sameId } from './look-up.ts'
import type { Seen } from './reading.ts'
import type { SkjermingWire } from './translate.ts'
import { skjermingDigest, skjermingSeen } from './translate.ts'

/** Where the sender ordered shielding; the documents of a journalpost are shielded as it is. */
type Place = 'arkiv.saksmappe.skjerming' | 'arkiv.journalpost.skjerming'

/** The skjerming that was ordered for a place, if any. */
export function orderedSkjerming(innhold: Innhold, place: Place): Skjerming | undefined {
  const { saksmappe, journalpost } = innhold.arkiv
  if (place === 'arkiv.journalpost.skjerming') return journalpost.skjerming
  return 'noekkel' in saksmappe ? saksmappe.skjerming : undefined
}

/**
 * The ordered skjerming with the pairs of the core's lists.
 * @throws NothingHappened NOARK5_KODE_MANGLER; NOARK5_SKJERMING_IKKE_BEKREFTET where this core cannot take skjermingMetadata (both permanent)
 */
export async function skjermingToSend(
  core: Core,
  innhold: Innhold,
  place: Place,
  signal: AbortSignal,
): Promise<SkjermingWire | undefined> {
  const ordered = orderedSkjerming(innhold, place)
  if (!ordered) return undefined
  const { tilgangsrestriksjon: kode, skjermingshjemmel, skjermingMetadata } = ordered
  const tilgangsrestriksjon = await core.codes.pair('tilgangsrestriksjon', kode, signal, `${place}.tilgangsrestriksjon`)
  if (skjermingMetadata === undefined) return { tilgangsrestriksjon, skjermingshjemmel }
  const path = `${place}.skjermingMetadata`
  if (!core.profile.skjermingMetadata) {
    const message = 'This core takes no skjermingMetadata when something is made, so it cannot be confirmed.'
    throw nothing('NOARK5_SKJERMING_IKKE_BEKREFTET', 'permanent', message, { path })
  }
  const pairs = []
  for (const metadata of skjermingMetadata)
    pairs.push(await core.codes.pair('skjermingmetadata', metadata, signal, path))
  return { tilgangsrestriksjon, skjermingshjemmel, skjermingMetadata: pairs }
}

/**
 * Stops the filing unless the core has shown the ordered skjerming on a parent: when it was made, or else now, so that shielding by hand helps.
 * @throws NothingHappened NOARK5_SKJERMING_IKKE_BEKREFTET (permanent); what reading throws
 */
export async function requireSkjerming(
  core: Core,
  kind: Kind,
  parent: Parent,
  innhold: Innhold,
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  const ordered = orderedSkjerming(innhold, place)
  if (!ordered) return
  const wanted = skjermingDigest(ordered)
  if (parent.skjerming === wanted) return
  const shown = await asShown(core, kind, parent, signal)
  if (shown && skjermingSeen(shown.wire) === wanted) return
  const message = `The core does not show the ordered skjerming on ${kind} ${parent.systemId}. Shield it there by hand, then run again.`
  throw nothing('NOARK5_SKJERMING_IKKE_BEKREFTET', 'permanent', message, { path: place })
}

/** The object in the view that shows skjerming: on some cores that of a journalpost is only in the list of registreringer. */
async function asShown(core: Core, kind: Kind, parent: Parent, signal: AbortSignal): Promise<Seen | undefined> {
  if (kind !== 'journalpost' || core.profile.journalpostSkjerming === 'self')
    return parentOf(core, kind, parent, signal)
  const list = await core.discovery.list('arkivstruktur', 'arkivstruktur/registrering', signal)
  for await (const entry of entriesOf(core, filtered(list, equals('systemID', parent.systemId)), signal)) {
    if (sameId(entry.wire['systemID'], parent.systemId)) return entry
  }
  return undefined
}
