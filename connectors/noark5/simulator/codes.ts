/** One code list: kode to kodenavn. */
export type CodeList = Readonly<Record<string, string>>

/** Lists by relation name (`R:metadata/<name>/`, lower case). Noark 5 tjenestegrensesnitt 1.1, chapter 7. */
export const STANDARD_CODE_LISTS: Readonly<Record<string, CodeList>> = {
  arkivdelstatus: {
    A: 'Aktiv periode',
    O: 'Overlappingsperiode',
    P: 'Avsluttet periode',
    U: 'Uaktuelle mapper',
  },
  arkivstatus: { O: 'Opprettet', A: 'Avsluttet' },
  avskrivningsmaate: {
    BU: 'Besvart med brev',
    BE: 'Besvart med e-post',
    TLF: 'Besvart på telefon',
    TE: 'Tatt til etterretning',
    TO: 'Tatt til orientering',
    BN: 'Besvart med notat',
    SA: 'Saken ble avsluttet',
  },
  dokumentmedium: { F: 'Fysisk medium', E: 'Elektronisk arkiv', B: 'Blandet fysisk og elektronisk arkiv' },
  dokumentstatus: { B: 'Dokumentet er under redigering', F: 'Dokumentet er ferdigstilt' },
  dokumenttype: { B: 'Brev', R: 'Rundskriv', F: 'Faktura', O: 'Ordrebekreftelse' },
  elektronisksignatursikkerhetsnivaa: {
    SK: 'Symmetrisk kryptert',
    V: 'Sendt med PKI/virksomhetssertifikat',
    PS: 'Sendt med PKI/"person standard"-sertifikat',
    PH: 'Sendt med PKI/"person høy"-sertifikat',
  },
  elektronisksignaturverifisert: {
    I: 'Signatur påført, ikke verifisert',
    V: 'Signatur påført og verifisert',
  },
  flytstatus: {
    G: 'Godkjent',
    I: 'Ikke godkjent',
    S: 'Sendt tilbake til saksbehandler med kommentarer',
  },
  format: {
    'av/0': 'Ukjent format',
    'x-fmt/111': 'Ren tekst',
    'fmt/353': 'TIFF versjon 6',
    'fmt/95': 'PDF/A 1a - ISO 19005-1:2005',
    'fmt/354': 'PDF/A 1b - ISO 19005-1:2005',
    'fmt/101': 'XML',
    'fmt/42': 'JPEG',
    'av/1': 'SOSI',
    'x-fmt/386': 'MPEG-2',
    'fmt/134': 'MP3',
    'fmt/11': 'PNG',
  },
  graderingskode: {
    SH: 'Strengt hemmelig (sikkerhetsgrad)',
    H: 'Hemmelig (sikkerhetsgrad)',
    K: 'Konfidensielt (sikkerhetsgrad)',
    B: 'Begrenset (sikkerhetsgrad)',
    F: 'Fortrolig (beskyttelsesgrad)',
    SF: 'Strengt fortrolig (beskyttelsesgrad)',
  },
  hendelsetype: { C: 'Opprettet', R: 'Lest', U: 'Endret', D: 'Slettet' },
  journalposttype: {
    I: 'Inngående dokument',
    U: 'Utgående dokument',
    N: 'Organinternt dokument for oppfølging',
    X: 'Organinternt dokument uten oppfølging',
    S: 'Saksframlegg',
  },
  journalstatus: {
    J: 'Journalført',
    F: 'Ferdigstilt fra saksbehandler',
    G: 'Godkjent av leder',
    E: 'Ekspedert',
    A: 'Arkivert',
    U: 'Utgår',
    M: 'Midlertidig registrering av innkommet dokument',
    S: 'Saksbehandler har registrert innkommet dokument',
    R: 'Reservert dokument',
  },
  kassasjonsvedtak: { B: 'Bevares', K: 'Kasseres', G: 'Vurderes senere' },
  klassifikasjonstype: {
    GBN: 'Gårds- og bruksnummer',
    FH: 'Funksjonsbasert, hierarkisk',
    EH: 'Emnebasert, hierarkisk arkivnøkkel',
    E1: 'Emnebasert, ett nivå',
    KK: 'K-koder',
    MF: 'Mangefasettert, ikke hierarki',
    UO: 'Objektbasert',
    PNR: 'Fødselsnummer',
  },
  korrespondanseparttype: {
    EA: 'Avsender',
    EM: 'Mottaker',
    EK: 'Kopimottaker',
    GM: 'Gruppemottaker',
    IA: 'Intern avsender',
    IM: 'Intern mottaker',
    IK: 'Intern kopimottaker',
    IS: 'Medavsender',
  },
  merknadstype: {
    MS: 'Merknad fra saksbehandler',
    ML: 'Merknad fra leder',
    MA: 'Merknad fra arkivansvarlig',
  },
  partrolle: { KLI: 'Klient', PAA: 'Pårørende', FORM: 'Formynder', ADV: 'Advokat' },
  presedensstatus: { G: 'Gjeldende', F: 'Foreldet' },
  saksstatus: {
    B: 'Under behandling',
    A: 'Avsluttet',
    U: 'Utgår',
    R: 'Opprettet av saksbehandler',
    S: 'Avsluttet av saksbehandler',
    P: 'Unntatt prosesstyring',
    F: 'Ferdig fra saksbehandler',
  },
  skjermingdokument: { H: 'Skjerming av hele dokumentet', D: 'Skjerming av deler av dokumentet' },
  skjermingmetadata: {
    KID: 'Skjerming klasseID',
    TKL: 'Skjerming tittel klasse',
    TM1: 'Skjerming tittel mappe - unntatt første linje',
    TMO: 'Skjerming tittel mappe - utvalgte ord',
    NPS: 'Skjerming navn part i sak',
    TR1: 'Skjerming tittel registrering - unntatt første linje',
    TRO: 'Skjerming tittel registrering - utvalgte ord',
    NA: 'Skjerming navn avsender',
    NM: 'Skjerming navn mottaker',
    TD: 'Skjerming tittel dokumentbeskrivelse',
    MT: 'Skjerming merknadstekst',
    M: 'Midlertidig skjerming',
  },
  slettingstype: {
    SP: 'Sletting av produksjonsformat',
    SV: 'Sletting av tidligere versjon',
    SS: 'Sletting av variant med sladdet informasjon',
    SA: 'Sletting av hele innholdet i arkivdelen',
  },
  tilgangskategori: { A: 'arkivdel', K: 'klasse', M: 'mappe', R: 'registrering', D: 'dokumentbeskrivelse' },
  tilgangsrestriksjon: {
    B: 'Begrenset etter sikkerhetsinstruksen',
    K: 'Konfidensielt etter sikkerhetsinstruksen',
    H: 'Hemmelig etter sikkerhetsinstruksen',
    F: 'Fortrolig etter beskyttelsesinstruksen',
    SF: 'Strengt fortrolig etter beskyttelsesinstruksen',
    '5': 'Unntatt etter offentlighetsloven § 5',
    '5a': 'Unntatt etter offentlighetsloven § 5a',
    '6': 'Unntatt etter offentlighetsloven § 6',
    '11': 'Unntatt etter offentlighetsloven § 11',
    XX: 'Midlertidig sperret',
    P: 'Personalsaker',
    KL: 'Klientsaker',
    // Not in the list of TG 1.1, which still names the act repealed in 2009; cores in use add this one.
    UO: 'Unntatt etter offentleglova',
  },
  tilknyttetregistreringsom: { H: 'Hoveddokument', V: 'Vedlegg' },
  variantformat: {
    P: 'Produksjonsformat',
    A: 'Arkivformat',
    O: 'Dokument hvor deler av innholdet er skjermet',
  },
}

/** Lists whose values each core brings itself; a kode outside them is accepted. */
export const OPEN_CODE_LISTS: Readonly<Record<string, CodeList>> = {
  koordinatsystem: { 'EPSG:25833': 'EUREF89 UTM sone 33' },
  land: { NO: 'Norge', SE: 'Sverige', DK: 'Danmark', FI: 'Finland' },
  postnummer: { '0155': 'OSLO', '0180': 'OSLO', '4604': 'KRISTIANSAND S', '5003': 'BERGEN', '7010': 'TRONDHEIM' },
}

function without(list: CodeList, ...koder: string[]): CodeList {
  return Object.fromEntries(Object.entries(list).filter(([kode]) => !koder.includes(kode)))
}

/**
 * What Nikita 0.6 has otherwise than the standard; observed on a running core. Its tilgangsrestriksjon comes without UO,
 * which anybody can add there and this stand-in has added.
 */
export const NIKITA_CODE_LISTS: Readonly<Record<string, CodeList>> = {
  ...STANDARD_CODE_LISTS,
  avskrivningsmaate: without(STANDARD_CODE_LISTS['avskrivningsmaate'] ?? {}, 'BN', 'SA'),
  format: {
    ...without(STANDARD_CODE_LISTS['format'] ?? {}, 'av/0', 'fmt/11'),
    UNKNOWN: 'Ukjent format',
    'fmt/13': 'PNG',
  },
  journalstatus: {
    ...without(STANDARD_CODE_LISTS['journalstatus'] ?? {}, 'S', 'R'),
    M: 'Midlertidig registrering av',
  },
}
