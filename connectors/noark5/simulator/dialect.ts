import { type CodeList, NIKITA_CODE_LISTS, OPEN_CODE_LISTS, STANDARD_CODE_LISTS } from './codes.ts'
import { type Entity, type Kind, STANDARD_ENTITIES } from './entities.ts'
import { GROUPS, type Group, type GroupName } from './groups.ts'

/** Which core is stood in for: the text of TG 1.1, or Nikita 0.6 as it was seen to behave. */
export type Profile = 'standard' | 'nikita'

/** How a core of one profile takes and shows things; whatever is a rule with a condition asks `name`. */
export interface Dialect {
  readonly name: Profile
  readonly entities: Readonly<Record<Kind, Entity>>
  readonly groups: Readonly<Record<GroupName, Group>>
  readonly codeLists: Readonly<Record<string, CodeList>>
  /** Faults below the top level are dropped in silence instead of refused. */
  readonly dropsNestedFaults: boolean
  /** Status for a kode the list does not have. */
  readonly unknownCodeStatus: 400 | 404
}

type EntityChange = Partial<Omit<Entity, 'fields'>> & { readonly refuses?: readonly string[] }

function changed(kind: Kind, { refuses = [], ...change }: EntityChange): Entity {
  const entity = STANDARD_ENTITIES[kind]
  const fields = Object.fromEntries(Object.entries(entity.fields).filter(([name]) => !refuses.includes(name)))
  return { ...entity, ...change, fields }
}

const STANDARD: Dialect = {
  name: 'standard',
  entities: STANDARD_ENTITIES,
  groups: GROUPS,
  codeLists: { ...STANDARD_CODE_LISTS, ...OPEN_CODE_LISTS },
  dropsNestedFaults: false,
  unknownCodeStatus: 400,
}

const MAPPE_NUMBERS = ['mappeID', 'saksaar', 'sakssekvensnummer']
const POST_NUMBERS = ['registreringsID', 'journalaar', 'journalsekvensnummer', 'journalpostnummer']

const NIKITA: Dialect = {
  name: 'nikita',
  entities: {
    ...STANDARD_ENTITIES,
    saksmappe: changed('saksmappe', {
      mandatory: ['tittel', 'saksstatus'],
      refuses: ['administrativEnhet', 'referanseSaksansvarlig', 'virksomhetsspesifikkeMetadata'],
      dropped: MAPPE_NUMBERS,
      hidden: ['noekkelord'],
      deafToUpdate: ['skjerming'],
    }),
    journalpost: changed('journalpost', {
      mandatory: ['tittel', 'journalposttype', 'journalstatus'],
      refuses: ['forfatter', 'noekkelord', 'referanseArkivdel', 'virksomhetsspesifikkeMetadata'],
      dropped: POST_NUMBERS,
      hidden: ['skjerming', 'dokumentmedium'],
      deafToUpdate: [
        ...['skjerming', 'offentligTittel', 'mottattDato', 'sendtDato', 'antallVedlegg', 'journaldato'],
        'journalenhet',
      ],
    }),
    korrespondansepartperson: changed('korrespondansepartperson', {
      mandatory: ['korrespondanseparttype'],
      dropped: ['virksomhetsspesifikkeMetadata'],
    }),
    korrespondansepartenhet: changed('korrespondansepartenhet', {
      mandatory: ['korrespondanseparttype'],
      dropped: ['virksomhetsspesifikkeMetadata'],
    }),
    dokumentbeskrivelse: changed('dokumentbeskrivelse', {
      mandatory: ['tittel', 'tilknyttetRegistreringSom', 'dokumenttype', 'dokumentstatus'],
      withKodenavn: ['tilknyttetRegistreringSom', 'dokumenttype'],
      refuses: ['forfatter'],
      deafToUpdate: ['skjerming', 'eksternReferanse'],
    }),
    dokumentobjekt: changed('dokumentobjekt', {
      mandatory: ['variantformat'],
      refuses: ['referanseDokumentfil'],
      dropped: ['versjonsnummer'],
    }),
    avskrivning: changed('avskrivning', {
      mandatory: ['avskrivningsmaate', 'avskrivningsdato', 'referanseAvskrivesAvJournalpost'],
    }),
  },
  groups: {
    ...GROUPS,
    enkeladresse: {
      // Nikita spells these two in its own way, as plain strings.
      fields: {
        adresselinje1: 'text',
        adresselinje2: 'text',
        adresselinje3: 'text',
        postnummer: 'text',
        poststed: 'text',
        landkode: 'text',
      },
      mandatory: [],
    },
    kontaktinformasjon: { fields: { epostadresse: 'text', mobiltelefon: 'text' }, mandatory: [] },
  },
  codeLists: { ...NIKITA_CODE_LISTS, ...OPEN_CODE_LISTS },
  dropsNestedFaults: true,
  unknownCodeStatus: 404,
}

/** The dialect of a profile. */
export function dialectOf(profile: Profile): Dialect {
  return profile === 'nikita' ? NIKITA : STANDARD
}
