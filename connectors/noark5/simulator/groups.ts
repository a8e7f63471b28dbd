/** A group of fields inside an entity, and how they are spelled. */
export type GroupName =
  | 'skjerming'
  | 'kassasjon'
  | 'utfoertKassasjon'
  | 'sletting'
  | 'gradering'
  | 'elektroniskSignatur'
  | 'enkeladresse'
  | 'kontaktinformasjon'
  | 'enhetsidentifikator'
  | 'personidentifikator'

/** `code:x` is one value of list x, `codes:x` and `groups:x` an array; `vsm` is virksomhetsspesifikkeMetadata. */
export type FieldType =
  | 'text'
  | 'texts'
  | 'integer'
  | 'datetime'
  | 'systemid'
  | 'vsm'
  | `code:${string}`
  | `codes:${string}`
  | `group:${GroupName}`
  | `groups:${GroupName}`

/** Fields by their spelling. */
export type Fields = Readonly<Record<string, FieldType>>

/** A group and what must stand in it. */
export interface Group {
  readonly fields: Fields
  readonly mandatory: readonly string[]
}

/** Groups of TG 1.1, chapter 7. */
export const GROUPS: Readonly<Record<GroupName, Group>> = {
  skjerming: {
    fields: {
      tilgangsrestriksjon: 'code:tilgangsrestriksjon',
      skjermingshjemmel: 'text',
      skjermingMetadata: 'codes:skjermingmetadata',
      skjermingDokument: 'code:skjermingdokument',
      skjermingsvarighet: 'integer',
      skjermingOpphoererDato: 'datetime',
    },
    mandatory: ['tilgangsrestriksjon', 'skjermingshjemmel', 'skjermingMetadata'],
  },
  kassasjon: {
    fields: {
      kassasjonsvedtak: 'code:kassasjonsvedtak',
      kassasjonshjemmel: 'text',
      bevaringstid: 'integer',
      kassasjonsdato: 'datetime',
    },
    mandatory: ['kassasjonsvedtak', 'bevaringstid', 'kassasjonsdato'],
  },
  utfoertKassasjon: {
    fields: { kassertDato: 'datetime', kassertAv: 'text', referanseKassertAv: 'systemid' },
    mandatory: [],
  },
  sletting: {
    fields: {
      slettingstype: 'code:slettingstype',
      slettetDato: 'datetime',
      slettetAv: 'text',
      referanseSlettetAv: 'systemid',
    },
    mandatory: ['slettingstype'],
  },
  gradering: {
    fields: {
      graderingskode: 'code:graderingskode',
      graderingsdato: 'datetime',
      gradertAv: 'text',
      referanseGradertAv: 'systemid',
      nedgraderingsdato: 'datetime',
      nedgradertAv: 'text',
      referanseNedgradertAv: 'systemid',
    },
    mandatory: [],
  },
  elektroniskSignatur: {
    fields: {
      elektroniskSignaturSikkerhetsnivaa: 'code:elektronisksignatursikkerhetsnivaa',
      elektroniskSignaturVerifisert: 'code:elektronisksignaturverifisert',
      verifisertDato: 'datetime',
      verifisertAv: 'text',
      referanseVerifisertAv: 'systemid',
    },
    mandatory: ['elektroniskSignaturSikkerhetsnivaa', 'elektroniskSignaturVerifisert', 'verifisertDato'],
  },
  enkeladresse: {
    fields: {
      adresselinje1: 'text',
      adresselinje2: 'text',
      adresselinje3: 'text',
      postnr: 'code:postnummer',
      poststed: 'text',
      landkode: 'code:land',
    },
    mandatory: ['poststed'],
  },
  kontaktinformasjon: {
    fields: { epostadresse: 'text', mobiltelefon: 'text', telefon: 'text' },
    mandatory: [],
  },
  enhetsidentifikator: {
    fields: { systemID: 'systemid', organisasjonsnummer: 'text' },
    mandatory: ['organisasjonsnummer'],
  },
  personidentifikator: {
    fields: { systemID: 'systemid', foedselsnummer: 'text', dNummer: 'text' },
    mandatory: [],
  },
}
