import { createHash } from 'node:crypto'
import { MarkFinder } from '@samband/simulator-kit'
import { type Archive, type Instance, kodeOf } from './archive.ts'
import { journalpostOf } from './create.ts'
import type { Kind } from './entities.ts'

/** Common to everything that was made: counted once, when it was made, and never taken off the list. */
export interface ReceivedObject {
  readonly systemID: string
  readonly opprettetMs: number
  /** True when it was deleted afterwards. */
  readonly deleted: boolean
}

/** A saksmappe that reached the core. `marks` stand in its tittel. */
export interface ReceivedSaksmappe extends ReceivedObject {
  readonly mappeID: string
  readonly tittel: string
  readonly klasseID: string | undefined
  readonly saksstatus: string | undefined
  readonly marks: readonly string[]
}

/** A journalpost that reached the core. `marks` stand in its tittel, those of its documents, and its files. */
export interface ReceivedJournalpost extends ReceivedObject {
  readonly saksmappe: string
  readonly registreringsID: string
  readonly tittel: string
  readonly journalposttype: string | undefined
  readonly journalstatus: string | undefined
  readonly sendtDato: string | undefined
  readonly marks: readonly string[]
}

/** A korrespondansepart that reached the core. `navnHash` is the SHA-256 of navn in lower-case hex. */
export interface ReceivedKorrespondansepart extends ReceivedObject {
  readonly journalpost: string
  readonly kind: Kind
  readonly type: string | undefined
  readonly navnHash: string | undefined
}

/** A dokumentbeskrivelse that reached the core. */
export interface ReceivedDokumentbeskrivelse extends ReceivedObject {
  readonly journalpost: string
  readonly tittel: string
  readonly eksternReferanse: string | undefined
  readonly tilknyttetRegistreringSom: string | undefined
  readonly dokumentstatus: string | undefined
  readonly dokumentnummer: number
}

/** A dokumentobjekt that reached the core, with or without a file. */
export interface ReceivedDokumentobjekt extends ReceivedObject {
  readonly dokumentbeskrivelse: string
  readonly journalpost: string | undefined
  readonly variantformat: string | undefined
  readonly hasFile: boolean
}

/** A file that reached the core whole. */
export interface ReceivedFil {
  readonly dokumentobjekt: string
  readonly journalpost: string | undefined
  readonly sizeBytes: number
  readonly sha256: string
  readonly marks: readonly string[]
  readonly mimeType: string
  readonly receivedMs: number
  readonly deleted: boolean
}

/** Everything that truly reached the core, in the order it was made. What was laid beforehand is not in it. */
export interface Received {
  readonly saksmapper: ReceivedSaksmappe[]
  readonly journalposter: ReceivedJournalpost[]
  readonly korrespondanseparter: ReceivedKorrespondansepart[]
  readonly dokumentbeskrivelser: ReceivedDokumentbeskrivelse[]
  readonly dokumentobjekter: ReceivedDokumentobjekt[]
  readonly filer: ReceivedFil[]
}

function text(instance: Instance, field: string): string {
  return String(instance.values[field] ?? '')
}

function optional(instance: Instance, field: string): string | undefined {
  const value = instance.values[field]
  return typeof value === 'string' ? value : undefined
}

function marksIn(...titles: string[]): string[] {
  const finder = new MarkFinder()
  for (const title of titles) finder.push(Buffer.from(`${title}\n`))
  return finder.finish()
}

/** Marks of each journalpost: of its own title, then of each document the title and the files. */
function marksByJournalpost(made: readonly Instance[]): Map<Instance, Set<string>> {
  const marks = new Map<Instance, Set<string>>()
  for (const one of made) {
    const post = journalpostOf(one)
    if (post === undefined) continue
    const found = marks.get(post) ?? new Set()
    if (one.kind === 'journalpost' || one.kind === 'dokumentbeskrivelse') {
      for (const mark of marksIn(text(one, 'tittel'))) found.add(mark)
    }
    for (const mark of one.file?.marks ?? []) found.add(mark)
    marks.set(post, found)
  }
  return marks
}

function navnHash(instance: Instance): string | undefined {
  const navn = optional(instance, 'navn')
  return navn === undefined ? undefined : createHash('sha256').update(navn).digest('hex')
}

/** Lists what reached the core. Cheap enough to be asked after every history. */
export function receivedBy(archive: Archive): Received {
  const all = archive.made().filter((one) => !one.preLaid)
  const common = (one: Instance): ReceivedObject => {
    return { systemID: one.systemID, opprettetMs: one.madeAtMs, deleted: one.deleted }
  }
  const marks = marksByJournalpost(all)
  const of = (...kinds: Kind[]): Instance[] => all.filter((one) => kinds.includes(one.kind))
  return {
    saksmapper: of('saksmappe').map((one) => ({
      ...common(one),
      mappeID: text(one, 'mappeID'),
      tittel: text(one, 'tittel'),
      klasseID: one.parent?.kind === 'klasse' ? text(one.parent, 'klasseID') : undefined,
      saksstatus: kodeOf(one, 'saksstatus'),
      marks: marksIn(text(one, 'tittel')),
    })),
    journalposter: of('journalpost').map((one) => ({
      ...common(one),
      saksmappe: one.parent?.systemID ?? '',
      registreringsID: text(one, 'registreringsID'),
      tittel: text(one, 'tittel'),
      journalposttype: kodeOf(one, 'journalposttype'),
      journalstatus: kodeOf(one, 'journalstatus'),
      sendtDato: optional(one, 'sendtDato'),
      marks: [...(marks.get(one) ?? [])],
    })),
    korrespondanseparter: of('korrespondansepartperson', 'korrespondansepartenhet', 'korrespondansepartintern').map(
      (one) => ({
        ...common(one),
        journalpost: one.parent?.systemID ?? '',
        kind: one.kind,
        type: kodeOf(one, 'korrespondanseparttype'),
        navnHash: navnHash(one),
      }),
    ),
    dokumentbeskrivelser: of('dokumentbeskrivelse').map((one) => ({
      ...common(one),
      journalpost: one.parent?.systemID ?? '',
      tittel: text(one, 'tittel'),
      eksternReferanse: optional(one, 'eksternReferanse'),
      tilknyttetRegistreringSom: kodeOf(one, 'tilknyttetRegistreringSom'),
      dokumentstatus: kodeOf(one, 'dokumentstatus'),
      dokumentnummer: Number(one.values['dokumentnummer']),
    })),
    dokumentobjekter: of('dokumentobjekt').map((one) => ({
      ...common(one),
      dokumentbeskrivelse: one.parent?.systemID ?? '',
      journalpost: journalpostOf(one)?.systemID,
      variantformat: kodeOf(one, 'variantformat'),
      hasFile: one.file !== undefined,
    })),
    filer: of('dokumentobjekt').flatMap((one) => filOf(one)),
  }
}

function filOf(one: Instance): ReceivedFil[] {
  if (one.file === undefined) return []
  const { sizeBytes, sha256, marks, mimeType, receivedAtMs } = one.file
  const journalpost = journalpostOf(one)?.systemID
  const receivedMs = receivedAtMs
  return [
    { dokumentobjekt: one.systemID, journalpost, sizeBytes, sha256, marks, mimeType, receivedMs, deleted: one.deleted },
  ]
}
