import type { Fields, Group } from './groups.ts'

/** The entities this core knows, under the names of their relations. */
export type Kind =
  | 'arkivskaper'
  | 'arkiv'
  | 'arkivdel'
  | 'klassifikasjonssystem'
  | 'klasse'
  | 'mappe'
  | 'saksmappe'
  | 'registrering'
  | 'journalpost'
  | 'korrespondansepartperson'
  | 'korrespondansepartenhet'
  | 'korrespondansepartintern'
  | 'dokumentbeskrivelse'
  | 'dokumentobjekt'
  | 'avskrivning'

/** An entity: its fields, what a creation must bring, and what never changes afterwards. */
export interface Entity extends Group {
  /** Kept from creation on; another value in an update is refused (TG 1.1, chapter 7; see also 3.5). */
  readonly fixed: readonly string[]
  /** Codes that are refused without their kodenavn. */
  readonly withKodenavn: readonly string[]
  /** Sent values that are accepted and then dropped. */
  readonly dropped: readonly string[]
  /** Stored, but not shown in the entity itself. */
  readonly hidden: readonly string[]
  /** Accepted in a PUT, which changes nothing. */
  readonly deafToUpdate: readonly string[]
}

const ARKIVENHET: Fields = {
  systemID: 'systemid',
  opprettetDato: 'datetime',
  opprettetAv: 'text',
  referanseOpprettetAv: 'systemid',
  endretDato: 'datetime',
  endretAv: 'text',
  referanseEndretAv: 'systemid',
}

const AVSLUTTET: Fields = { avsluttetDato: 'datetime', avsluttetAv: 'text', referanseAvsluttetAv: 'systemid' }

const MAPPE: Fields = {
  ...ARKIVENHET,
  mappeID: 'text',
  tittel: 'text',
  offentligTittel: 'text',
  beskrivelse: 'text',
  noekkelord: 'texts',
  dokumentmedium: 'code:dokumentmedium',
  oppbevaringssted: 'texts',
  ...AVSLUTTET,
  kassasjon: 'group:kassasjon',
  skjerming: 'group:skjerming',
  gradering: 'group:gradering',
  referanseForelderMappe: 'systemid',
  virksomhetsspesifikkeMetadata: 'vsm',
}

const REGISTRERING: Fields = {
  ...ARKIVENHET,
  registreringsID: 'text',
  tittel: 'text',
  offentligTittel: 'text',
  beskrivelse: 'text',
  noekkelord: 'texts',
  forfatter: 'texts',
  dokumentmedium: 'code:dokumentmedium',
  oppbevaringssted: 'texts',
  arkivertDato: 'datetime',
  arkivertAv: 'text',
  referanseArkivertAv: 'systemid',
  kassasjon: 'group:kassasjon',
  skjerming: 'group:skjerming',
  gradering: 'group:gradering',
  referanseArkivdel: 'systemid',
  virksomhetsspesifikkeMetadata: 'vsm',
}

const KORRESPONDANSEPART: Fields = {
  systemID: 'systemid',
  korrespondanseparttype: 'code:korrespondanseparttype',
  virksomhetsspesifikkeMetadata: 'vsm',
}

const UTLAANT: Fields = { utlaantDato: 'datetime', utlaantTil: 'text', referanseUtlaantTil: 'systemid' }

const SAKSMAPPE_NUMBERS = ['mappeID', 'saksaar', 'sakssekvensnummer']
const JOURNALPOST_NUMBERS = ['registreringsID', 'journalaar', 'journalsekvensnummer', 'journalpostnummer']
const TILKNYTTET = ['dokumentnummer', 'tilknyttetDato', 'tilknyttetAv', 'referanseTilknyttetAv']
const TECHNICAL = ['variantformat', 'format', 'sjekksum', 'sjekksumAlgoritme', 'filstoerrelse', 'versjonsnummer']

function entity(fields: Fields, mandatory: readonly string[], fixed: readonly string[] = []): Entity {
  return { fields, mandatory, fixed, withKodenavn: [], dropped: [], hidden: [], deafToUpdate: [] }
}

/** Entities of TG 1.1, chapter 7, with everything they inherit. */
export const STANDARD_ENTITIES: Readonly<Record<Kind, Entity>> = {
  arkivskaper: entity({ ...ARKIVENHET, arkivskaperID: 'text', arkivskaperNavn: 'text', beskrivelse: 'text' }, [
    'arkivskaperID',
    'arkivskaperNavn',
  ]),
  arkiv: entity(
    {
      ...ARKIVENHET,
      tittel: 'text',
      beskrivelse: 'text',
      arkivstatus: 'code:arkivstatus',
      dokumentmedium: 'code:dokumentmedium',
      oppbevaringssted: 'texts',
      ...AVSLUTTET,
    },
    ['tittel'],
  ),
  arkivdel: entity(
    {
      ...ARKIVENHET,
      tittel: 'text',
      beskrivelse: 'text',
      arkivdelstatus: 'code:arkivdelstatus',
      dokumentmedium: 'code:dokumentmedium',
      oppbevaringssted: 'texts',
      ...AVSLUTTET,
      arkivperiodeStartDato: 'datetime',
      arkivperiodeSluttDato: 'datetime',
      referanseForloeper: 'systemid',
      referanseArvtaker: 'systemid',
      kassasjon: 'group:kassasjon',
      utfoertKassasjon: 'group:utfoertKassasjon',
      sletting: 'group:sletting',
      skjerming: 'group:skjerming',
      gradering: 'group:gradering',
    },
    ['tittel'],
  ),
  klassifikasjonssystem: entity(
    {
      ...ARKIVENHET,
      klassifikasjonstype: 'code:klassifikasjonstype',
      tittel: 'text',
      beskrivelse: 'text',
      ...AVSLUTTET,
    },
    ['tittel'],
  ),
  klasse: entity(
    {
      ...ARKIVENHET,
      klasseID: 'text',
      tittel: 'text',
      beskrivelse: 'text',
      noekkelord: 'texts',
      ...AVSLUTTET,
      skjerming: 'group:skjerming',
      kassasjon: 'group:kassasjon',
      gradering: 'group:gradering',
    },
    ['klasseID', 'tittel'],
  ),
  mappe: entity(MAPPE, ['tittel'], ['mappeID']),
  saksmappe: entity(
    {
      ...MAPPE,
      saksaar: 'integer',
      sakssekvensnummer: 'integer',
      saksdato: 'datetime',
      administrativEnhet: 'text',
      referanseAdministrativEnhet: 'systemid',
      saksansvarlig: 'text',
      referanseSaksansvarlig: 'systemid',
      journalenhet: 'text',
      saksstatus: 'code:saksstatus',
      ...UTLAANT,
    },
    ['tittel'],
    SAKSMAPPE_NUMBERS,
  ),
  registrering: entity(REGISTRERING, ['tittel'], ['registreringsID']),
  journalpost: entity(
    {
      ...REGISTRERING,
      journalaar: 'integer',
      journalsekvensnummer: 'integer',
      journalpostnummer: 'integer',
      journalposttype: 'code:journalposttype',
      journalstatus: 'code:journalstatus',
      journaldato: 'datetime',
      dokumentetsDato: 'datetime',
      mottattDato: 'datetime',
      sendtDato: 'datetime',
      forfallsdato: 'datetime',
      offentlighetsvurdertDato: 'datetime',
      antallVedlegg: 'integer',
      ...UTLAANT,
      journalenhet: 'text',
      elektroniskSignatur: 'group:elektroniskSignatur',
    },
    ['tittel'],
    JOURNALPOST_NUMBERS,
  ),
  korrespondansepartperson: entity(
    {
      ...KORRESPONDANSEPART,
      personidentifikator: 'groups:personidentifikator',
      navn: 'text',
      postadresse: 'group:enkeladresse',
      bostedsadresse: 'group:enkeladresse',
      kontaktinformasjon: 'group:kontaktinformasjon',
    },
    ['navn'],
  ),
  korrespondansepartenhet: entity(
    {
      ...KORRESPONDANSEPART,
      enhetsidentifikator: 'group:enhetsidentifikator',
      navn: 'text',
      forretningsadresse: 'group:enkeladresse',
      postadresse: 'group:enkeladresse',
      kontaktinformasjon: 'group:kontaktinformasjon',
      kontaktperson: 'text',
    },
    ['navn'],
  ),
  korrespondansepartintern: entity(
    {
      ...KORRESPONDANSEPART,
      administrativEnhet: 'text',
      referanseAdministrativEnhet: 'systemid',
      saksbehandler: 'text',
      referanseSaksbehandler: 'systemid',
    },
    [],
  ),
  dokumentbeskrivelse: entity(
    {
      ...ARKIVENHET,
      dokumenttype: 'code:dokumenttype',
      dokumentstatus: 'code:dokumentstatus',
      tittel: 'text',
      beskrivelse: 'text',
      forfatter: 'texts',
      dokumentmedium: 'code:dokumentmedium',
      oppbevaringssted: 'text',
      tilknyttetRegistreringSom: 'code:tilknyttetregistreringsom',
      dokumentnummer: 'integer',
      tilknyttetDato: 'datetime',
      tilknyttetAv: 'text',
      referanseTilknyttetAv: 'systemid',
      kassasjon: 'group:kassasjon',
      utfoertKassasjon: 'group:utfoertKassasjon',
      sletting: 'group:sletting',
      skjerming: 'group:skjerming',
      gradering: 'group:gradering',
      elektroniskSignatur: 'group:elektroniskSignatur',
      eksternReferanse: 'text',
      virksomhetsspesifikkeMetadata: 'vsm',
    },
    ['tittel'],
    TILKNYTTET,
  ),
  dokumentobjekt: entity(
    {
      ...ARKIVENHET,
      versjonsnummer: 'integer',
      variantformat: 'code:variantformat',
      format: 'code:format',
      formatDetaljer: 'text',
      referanseDokumentfil: 'text',
      filnavn: 'text',
      sjekksum: 'text',
      mimeType: 'text',
      sjekksumAlgoritme: 'text',
      filstoerrelse: 'integer',
      elektroniskSignatur: 'group:elektroniskSignatur',
    },
    [],
    TECHNICAL,
  ),
  avskrivning: entity(
    {
      systemID: 'systemid',
      avskrivningsdato: 'datetime',
      avskrevetAv: 'text',
      referanseAvskrevetAv: 'systemid',
      avskrivningsmaate: 'code:avskrivningsmaate',
      referanseAvskrivesAvJournalpost: 'systemid',
      referanseAvskrivesAvKorrespondansepart: 'systemid',
    },
    [],
  ),
}

/** Set by the core, never by a client: ignored in what comes in. */
export const CORE_SET: ReadonlySet<string> = new Set([
  'opprettetDato',
  'opprettetAv',
  'referanseOpprettetAv',
  'endretDato',
  'endretAv',
  'referanseEndretAv',
  'referanseDokumentfil',
])
