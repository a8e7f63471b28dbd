/** What an error code means to people. All texts in Norwegian. */
export interface ErrorCodeExplanation {
  readonly meaning: string
  /** Who can probably do something about it: saksbehandler, arkivar, drift, KS, or a supplier. */
  readonly owner: string
  readonly nextStep: string
}

/** Explanations by code, as the connectors and services export them. */
export type ErrorCodes = Readonly<Record<string, ErrorCodeExplanation>>

const REPORT = 'Meld det til utviklerne med koden, tidspunktet og rad-id.'

/** Codes of the platform (runtime, store, bus, payloads, contracts, tenants) and of the services; each connector brings its own table. */
export const RUNTIME_ERROR_CODES = {
  BUS_ANNEN_INSTALLASJON: {
    meaning: 'Det står hendelser fra en annen installasjon i hendelsesloggen.',
    owner: 'drift',
    nextStep: 'Stopp den ene. deploy/runbooks/log-stopped.md sier hvordan hver av dem får sine egne emner.',
  },
  BUS_ANNEN_TOPIC: {
    meaning: 'Hendelsesloggen er en annen enn den databasen kjenner: laget på nytt, borte, eller i en annen klynge.',
    owner: 'drift',
    nextStep: 'Se om SAMBAND_KAFKA_BROKERS er riktig. Er loggen tapt, følg deploy/runbooks/log-stopped.md.',
  },
  BUS_FORBI_SLUTTEN: {
    meaning: 'Leseposisjonen ligger etter slutten av hendelsesloggen; en del av loggen mangler.',
    owner: 'drift',
    nextStep: 'Gjenopprett loggen, eller gå tilbake til en sikkerhetskopi der lager og logg hører sammen.',
  },
  BUS_FREMMED_LOGG: {
    meaning: 'Hendelsesloggen er skrevet av en annen database enn den tjenesten er satt opp med.',
    owner: 'drift',
    nextStep:
      'Se om SAMBAND_POSTGRES_URL og SAMBAND_POSTGRES_SCHEMA er riktige. Er databasen tapt, legg tilbake kopien eller følg deploy/runbooks/log-stopped.md.',
  },
  BUS_HULL_I_LOGGEN: {
    meaning: 'Det mangler hendelser mellom det som er lest og det som kom nå.',
    owner: 'drift',
    nextStep: 'Ingenting leses videre. Finn de manglende hendelsene i loggen før lesingen startes igjen.',
  },
  BUS_INNLOGGING_AVVIST: {
    meaning: 'Kafka godtok ikke navets bruker, passord eller token.',
    owner: 'drift',
    nextStep: 'Kontroller påloggingen i oppsettet. Ingenting er tapt; navet går videre av seg selv når den er riktig.',
  },
  BUS_KAN_IKKE_LESES: {
    meaning: 'Det står noe i hendelsesloggen som navet ikke kan pakke ut.',
    owner: 'drift',
    nextStep: 'Denne delen av loggen leses ikke videre. Finn ut hvem som skrev dit, og bestem leseposisjonen for hånd.',
  },
  BUS_MELDING_FOR_STOR: {
    meaning: 'En hendelse er større enn emnet i Kafka tar imot.',
    owner: 'drift',
    nextStep: `Hev max.message.bytes for emnet; hendelsen venter så lenge, og det samme gjør de som kommer etter. ${REPORT}`,
  },
  BUS_SERTIFIKAT_AVVIST: {
    meaning: 'Sertifikatet til Kafka er ikke utstedt av noen navet stoler på, eller gjelder et annet navn.',
    owner: 'drift',
    nextStep: 'Kontroller CA-filen i oppsettet og sertifikatet til megleren (broker) før noe annet.',
  },
  BUS_TILGANG_NEKTET: {
    meaning: 'Kafka lar ikke navets bruker gjøre det som trengs.',
    owner: 'drift',
    nextStep:
      'Gi brukeren rettighetene som står i deploy/kafka. Ingenting er tapt; navet går videre av seg selv etterpå.',
  },
  BUS_ODELAGT_RAD: {
    meaning: 'En rad i hendelsesloggen er ødelagt på disken.',
    owner: 'drift',
    nextStep: 'Ingenting leses videre. Stopp navet, ta vare på filen, se på disken, og legg tilbake den nyeste kopien.',
  },
  BUS_TOPIC_FINNES_IKKE: {
    meaning: 'Hendelsesloggen har ikke emnet det skal skrives til eller leses fra.',
    owner: 'drift',
    nextStep: 'Start navet på nytt; emnene opprettes ved oppstart. Varer det, må oppsettet av loggen kontrolleres.',
  },
  BUS_UTILGJENGELIG: {
    meaning: 'Hendelsesloggen svarte ikke. Det prøves igjen av seg selv.',
    owner: 'drift',
    nextStep: 'Varer det mer enn noen minutter, se om Kafka kjører og kan nås fra navet. Ingenting er tapt.',
  },
  CONTRACT_INVALID_DATA: {
    meaning: 'Innholdet i hendelsen er ikke slik hendelsestypen lover.',
    owner: 'drift',
    nextStep: `Se hvilket felt det gjelder og hvilken del som skrev hendelsen. ${REPORT}`,
  },
  CONTRACT_INVALID_ENVELOPE: {
    meaning: 'Konvolutten rundt hendelsen mangler noe eller har en feil verdi.',
    owner: 'drift',
    nextStep: `Finn ut hva som skrev hendelsen; bare navets egne deler skal skrive hit. ${REPORT}`,
  },
  CONTRACT_INVALID_HEADER: {
    meaning: 'Et hodefelt på hendelsen mangler eller er feil.',
    owner: 'drift',
    nextStep: `Finn ut hva som skrev hendelsen; bare navets egne deler skal skrive hit. ${REPORT}`,
  },
  CONTRACT_UNKNOWN_FIELD: {
    meaning: 'En del av navet prøvde å skrive et felt som hendelsestypen ikke har. Ingenting ble skrevet.',
    owner: 'drift',
    nextStep: REPORT,
  },
  CONTRACT_UNKNOWN_TYPE: {
    meaning: 'Hendelsestypen er ukjent for denne utgaven av navet.',
    owner: 'drift',
    nextStep: 'Kontroller at alle deler kjører samme utgave. Kjør meldingen om igjen når den nye utgaven er på plass.',
  },
  DRIFT_ALLEREDE_UTFORT: {
    meaning: 'Det eneste meldingen skulle gjøre, er gjort; den kan ikke forkastes.',
    owner: 'drift',
    nextStep: 'Kjør den om igjen i stedet: da gjøres den ferdig uten at noe sendes på nytt.',
  },
  DRIFT_FEIL_TILSTAND: {
    meaning: 'Det som skulle endres, er i en annen tilstand enn dette krever.',
    owner: 'drift',
    nextStep:
      'Hent den på nytt og se hvilken tilstand den er i; det som er ferdig, endres ikke, og en annen kan ha vært raskere.',
  },
  DRIFT_KAN_VAERE_UNDERVEIS: {
    meaning: 'En forespørsel kan fortsatt være på vei til mottakersystemet.',
    owner: 'drift',
    nextStep:
      'Vent til tiden er ute (for SvarUt om lag 21 minutter etter siste forsøk eller omstart), se etter på nytt, og svar da.',
  },
  DRIFT_IKKE_SPURT_ENNA: {
    meaning: 'Lageret er gjenopprettet, og mottakersystemet er ikke spurt om denne meldingen siden.',
    owner: 'drift',
    nextStep: 'Vent til meldingen er kjørt én gang etter gjenopprettingen; den kan forkastes når det er besvart.',
  },
  DRIFT_FINNES_IKKE: {
    meaning: 'Det finnes ikke her, eller hører til en kommune operatøren ikke har tilgang til.',
    owner: 'drift',
    nextStep: 'Kontroller id-en, og hvilke kommuner klienten er satt opp for.',
  },
  DRIFT_FOR_STORT_UTVALG: {
    meaning: 'Flere enn 100 000 meldinger passer til utvalget; ingenting er planlagt.',
    owner: 'drift',
    nextStep: 'Velg én kommune eller ett fingeravtrykk om gangen.',
  },
  DRIFT_FLERE_TREFF: {
    meaning: 'Flere kommuner har en forsendelse med denne referansen.',
    owner: 'drift',
    nextStep: 'Spør igjen med kommunens organisasjonsnummer, eller med forsendelsens id.',
  },
  DRIFT_INGEN_APEN_FORESPORSEL: {
    meaning: 'Det er ikke noe ubesvart spørsmål under denne nøkkelen.',
    owner: 'drift',
    nextStep: 'Se på reisen: svaret kan ha kommet i mellomtiden.',
  },
  DRIFT_BEVIS_PASSER_IKKE: {
    meaning:
      'Beviset har ikke den formen som mottakersystemets eget svar har; feltet som mangler eller er feil, er nevnt.',
    owner: 'drift',
    nextStep: 'Skriv beviset med feltene som står under Evidence i README for koblingen, og svar igjen.',
  },
  DRIFT_ORDRE_UAVKLART: {
    meaning: 'Databasen svarer ikke, så det er ikke kjent om det som ble bedt om, blir utført.',
    owner: 'drift',
    nextStep: 'Vent til databasen svarer, se på reisen, og gjør det på nytt bare hvis det ikke er gjort.',
  },
  DRIFT_TJENESTEN_SVARER_IKKE: {
    meaning: 'Tjenesten som eier meldingen, svarer ikke. Ingenting er gjort.',
    owner: 'drift',
    nextStep: 'Se at tjenesten kjører, og gjør det samme igjen.',
  },
  RUNTIME_ORDRE_BORTE: {
    meaning: 'En annen kopi av tjenesten har alt utført det samme, eller det ble trukket tilbake.',
    owner: 'drift',
    nextStep: 'Ingenting: utfallet vises på reisen.',
  },
  DRIFT_TO_PERSONER: {
    meaning: 'En så stor omkjøring må startes av en annen person enn den som planla den.',
    owner: 'drift',
    nextStep: 'Be en kollega se på planen og starte den.',
  },
  DRIFT_UGYLDIG_FORESPORSEL: {
    meaning: 'Forespørselen har ikke den formen som kreves.',
    owner: 'drift',
    nextStep: 'Rett feltet som er nevnt, og prøv igjen.',
  },
  EFFECT_FRIST_UTE: {
    meaning: 'Mottakersystemet svarte ikke innen tiden en forespørsel kan være underveis.',
    owner: 'drift',
    nextStep: 'Vent; mottakersystemet blir spurt om det ble utført, før noe gjøres igjen.',
  },
  EFFECT_INPUT_CHANGED: {
    meaning: 'Meldingen har fått et annet innhold enn da den ble påbegynt hos mottakersystemet.',
    owner: 'drift',
    nextStep: 'Sammenlign med det som står hos mottakersystemet. Forkast meldingen, eller svar på spørsmålet.',
  },
  EFFECT_OPPSLAG_FEILET: {
    meaning: 'Oppslaget hos mottakersystemet feilet, så det er ikke avklart om det ble utført.',
    owner: 'drift',
    nextStep: 'Vent; det spørres igjen av seg selv. Varer det, må en person se etter og svare.',
  },
  EFFECT_OPPSLAG_UPALITELIG: {
    meaning: 'Oppslaget finner ikke noe som vi vet er der; det kan ikke brukes til å si at noe mangler.',
    owner: 'drift',
    nextStep: 'Se om konto og rettigheter for oppslaget er endret. Inntil da må en person se etter og svare.',
  },
  EFFECT_UTFALL_UKJENT: {
    meaning: 'Det er ikke avklart om det ble utført hos mottakersystemet.',
    owner: 'drift',
    nextStep: 'Er meldingen parkert: se etter hos mottakersystemet og svar. Ellers spørres det igjen av seg selv.',
  },
  EFFECT_VENTER_PA_SVAR: {
    meaning: 'Mottakersystemet finner det ikke ennå, men en forespørsel kan fortsatt være underveis.',
    owner: 'drift',
    nextStep: 'Vent, vanligvis omkring tjue minutter. Deretter gjøres det igjen av seg selv.',
  },
  EVENT_FOR_STOR: {
    meaning: 'En hendelse ble større enn loggen tar imot.',
    owner: 'drift',
    nextStep: REPORT,
  },
  EVENT_UGYLDIG_JSON: {
    meaning: 'Hendelsen kan ikke leses; den er ikke JSON.',
    owner: 'drift',
    nextStep: 'Finn ut hva som skrev den. Den kan ikke kjøres om igjen; forkast den når årsaken er kjent.',
  },
  JOURNAL_UKJENT_JOURNALPOST: {
    meaning: 'Brevet skal være journalført, men navet kjenner ingen journalpost for det.',
    owner: 'drift',
    nextStep: `Se på reisen til forsendelsen: er journalføringen forkastet? ${REPORT}`,
  },
  PAYLOAD_DISK_FULL: {
    meaning: 'Det er ikke plass til flere dokumenter på disken.',
    owner: 'drift',
    nextStep: 'Frigjør plass eller øk kvoten. Det prøves igjen av seg selv.',
  },
  PAYLOAD_FINNES_IKKE: {
    meaning: 'Dokumentet eller innholdet finnes ikke i mappen payloads.',
    owner: 'drift',
    nextStep:
      'Se om mappen payloads mangler noe, for eksempel etter en gjenoppretting, og legg det tilbake. Er det tapt: forkast raden, og be avsender sende brevet på nytt med ny eksternReferanse.',
  },
  PAYLOAD_FOR_STOR: {
    meaning: 'Dokumentet er større enn grensen.',
    owner: 'saksbehandler',
    nextStep: 'Del opp eller komprimer dokumentet, og send brevet på nytt med ny eksternReferanse.',
  },
  PAYLOAD_ODELAGT: {
    meaning: 'Det lagrede innholdet lar seg ikke bekrefte: filen er skadet, eller kryptert med en annen nøkkel.',
    owner: 'drift',
    nextStep:
      'Kontroller kommunens nøkkel og disken. Hent filen fra sikkerhetskopi; eller forkast raden, og be avsender sende brevet på nytt med ny eksternReferanse.',
  },
  PAYLOAD_TILGANG_AVVIST: {
    meaning: 'Objektlageret slipper oss ikke inn: nøkkel, rettighet, bøtte eller region stemmer ikke.',
    owner: 'drift',
    nextStep: 'Kontroller nøkkelen og rettighetene til bøtta, og klokka på maskinen. Køen går videre av seg selv.',
  },
  PAYLOAD_UGYLDIG_NOKKEL: {
    meaning: 'Kommunens krypteringsnøkkel har feil form.',
    owner: 'drift',
    nextStep: 'Rett nøkkelen i oppsettet. Køen går videre av seg selv.',
  },
  PAYLOAD_UGYLDIG_REF: {
    meaning: 'Henvisningen til det lagrede innholdet har feil form.',
    owner: 'drift',
    nextStep: REPORT,
  },
  PAYLOAD_UTILGJENGELIG: {
    meaning: 'Dokumentlageret svarer ikke som det skal.',
    owner: 'drift',
    nextStep: 'Se på disken eller objektlageret. Det prøves igjen av seg selv.',
  },
  RUNTIME_FEIL_I_PROGRAMMET: {
    meaning: 'Det er en feil i programmet.',
    owner: 'drift',
    nextStep: `Se i loggen på det tidspunktet. ${REPORT} Kjør om igjen når feilen er rettet.`,
  },
  RUNTIME_FOR_SENT_A_STARTE: {
    meaning: 'Forsøket kom ikke i gang i tide og ble avbrutt før noe var sendt.',
    owner: 'drift',
    nextStep: 'Det prøves igjen av seg selv. Gjentar det seg, er maskinen for hardt belastet eller har stått stille.',
  },
  RUNTIME_UKJENT_NAVN: {
    meaning: 'Meldingen hører til en behandling som denne utgaven av programmet ikke kjenner.',
    owner: 'drift',
    nextStep: 'Kontroller at riktig utgave kjører. Kjør om igjen når behandlingen er tilbake.',
  },
  STORE_DISK_FULL: {
    meaning: 'Disken under databasen er full; ingenting ble lagret.',
    owner: 'drift',
    nextStep: 'Frigjør plass straks. Ingenting tas imot før det er plass; det som er mottatt, er trygt.',
  },
  STORE_UBRUKELIG: {
    meaning: 'Lageret feilet slik at ingen vet hva som ble skrevet; navet stopper seg selv.',
    owner: 'drift',
    nextStep: 'Se på disken og loggen, start navet på nytt; det kontrollerer lageret og spør før det sender.',
  },
  STORE_FEIL: {
    meaning: 'Databasen avviste en skriving; ingenting ble lagret.',
    owner: 'drift',
    nextStep: `Se på disken og i loggen. Det prøves igjen av seg selv. ${REPORT}`,
  },
  STORE_OPPTATT: {
    meaning: 'Andre skrivinger kom i veien hver gang; ingenting ble lagret.',
    owner: 'drift',
    nextStep: 'Det prøves igjen av seg selv. Gjentar det seg, er databasen for hardt belastet.',
  },
  STORE_UTFALL_UKJENT: {
    meaning: 'Forbindelsen til databasen brøt mens noe ble lagret; det kan være lagret, nå eller om et øyeblikk.',
    owner: 'drift',
    nextStep: 'Se etter før noe gjøres om igjen. Navet selv ser etter før det prøver igjen.',
  },
  STORE_UTILGJENGELIG: {
    meaning: 'Databasen kan ikke nås, eller programmet er i ferd med å stoppe.',
    owner: 'drift',
    nextStep: 'Vent til programmet er oppe igjen. Varer det, må databasen kontrolleres.',
  },
  TENANT_KONTO_FINNES_IKKE: {
    meaning: 'Meldingen er påbegynt mot en konto eller adresse som ikke lenger står i kommunens fil.',
    owner: 'drift',
    nextStep: 'Legg kontoen tilbake i kommunens fil til meldingen er besvart. Den går da videre av seg selv.',
  },
  TENANT_UKJENT: {
    meaning: 'Ingen fil er i bruk for kommunen.',
    owner: 'drift',
    nextStep: 'Legg inn kommunens fil, eller rett feilene i den. Meldingene venter og går videre av seg selv.',
  },
  TENANT_UKJENT_SYSTEM: {
    meaning: 'Navet har ingen kobling til systemet meldingen skal til.',
    owner: 'drift',
    nextStep: `Kontroller at riktig utgave kjører. ${REPORT}`,
  },
  TENANT_UTEN_ARKIV: {
    meaning: 'Kommunens fil har ikke noe arkiv, men meldingen skal arkiveres.',
    owner: 'drift',
    nextStep: 'Legg inn noark5 i kommunens fil. Meldingene venter og går videre av seg selv.',
  },
} as const satisfies ErrorCodes

/** What people read about a code, also when no table knows it. */
export function explain(tables: ErrorCodes, code: string): ErrorCodeExplanation {
  const known: ErrorCodes = RUNTIME_ERROR_CODES
  return (
    tables[code] ??
    known[code] ?? {
      meaning: code === '' ? 'Årsaken er ikke oppgitt.' : 'Koden har ingen forklaring i denne utgaven.',
      owner: 'drift',
      nextStep: 'Se i loggen på det tidspunktet, og meld koden til utviklerne.',
    }
  )
}
