import type { OrganisasjonForsendelse, PersonForsendelse } from './forsendelse.ts'

/** A letter to a synthetic person, with one PDF. */
export function aLetter(part: Partial<PersonForsendelse> = {}): PersonForsendelse {
  return {
    tittel: 'Vedtak',
    mottaker: {
      navn: 'Syntetisk Person',
      digitalId: '15859099928',
      adresse: { adresselinje1: 'Testveien 1', postnummer: '6008', poststed: 'ÅLESUND' },
    },
    dokumenter: [{ filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }],
    ...part,
  }
}

/** A letter to a synthetic organisation, with one PDF. */
export function anOrganisationLetter(part: Partial<OrganisasjonForsendelse> = {}): OrganisasjonForsendelse {
  return {
    tittel: 'Vedtak',
    mottaker: { navn: 'Syntetisk Virksomhet', digitalId: '314758625' },
    dokumenter: [{ filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }],
    ...part,
  }
}
