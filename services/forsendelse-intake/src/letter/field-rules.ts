/** Rules that a schema states in code or as a pattern, in Norwegian, by the name of the field they are about. */
const RULES: Readonly<Record<string, string>> = {
  arkiv: 'Feltene i arkiv må passe sammen.',
  digitalId:
    'Må være et gyldig fødselsnummer eller D-nummer (11 siffer), eller et gyldig organisasjonsnummer (9 siffer).',
  dokumentetsDato: 'Må være dato og klokkeslett med tidssone.',
  eksponertFor:
    'Hvert nummer må være et gyldig fødselsnummer, D-nummer eller organisasjonsnummer, og stå bare én gang.',
  ekstraMetadata: 'Det samme paret kan ikke stå to ganger.',
  filnavn: 'Må være entydig i forsendelsen, uansett store og små bokstaver, og uten styretegn og * : " \\ / < > | ?',
  journaldato: 'Må være dato og klokkeslett med tidssone.',
  konteringskode: 'Kan bare ha bokstaver, siffer, punktum, bindestrek og understrek, høyst 20 tegn.',
  kryptert: 'Må være true når sikkerhetsniva er HOYESTE.',
  landkode: 'Må være to store bokstaver (ISO 3166-1).',
  mimeType: 'Må være en medietype, for eksempel application/pdf.',
  noekkel: 'Kan ikke inneholde fødselsnummer eller D-nummer, og må ha synlige tegn.',
  offentligTittel: 'Må ha synlige tegn.',
  saksmappe: 'Må ha enten noekkel og tittel, eller mappeID alene.',
  signeringUtloper: 'Må være dato og klokkeslett med tidssone.',
  skalEkskluderesFraUtskrift: 'Må være true for alt som ikke er PDF, unntatt når kunDigitalLevering er true.',
  skalSigneres: 'Bare ett dokument kan signeres, og det må være PDF.',
  svarPaForsendelseId: 'Må være en UUID.',
  svarSendesTil: 'Må være en organisasjon når kanSvareViaEdialog er true.',
  tittel: 'Må ha synlige tegn.',
  url: 'Må være en gyldig nettadresse (RFC 2396).',
}

/** The rule of a field, or of the list it stands in; for fields without an entry the schema's own words, which never hold a value. */
export function ruleOf(path: readonly PropertyKey[], schemaSays: string): string {
  const name = path.findLast((step) => typeof step === 'string')
  const rule = typeof name === 'string' && Object.hasOwn(RULES, name) ? RULES[name] : undefined
  return rule ?? `Bryter en regel for feltet: ${schemaSays}.`
}
