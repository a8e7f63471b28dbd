function hasCheckDigit(digits: readonly number[], weights: readonly number[]): boolean {
  const sum = weights.reduce((total, weight, index) => total + weight * (digits[index] ?? 0), 0)
  return (11 - (sum % 11)) % 11 === digits[weights.length] // a 10 can stand in no digit and so never fits
}

/** Whether a text is an organisasjonsnummer: nine digits, the last of which checks the others (modulus 11). */
export function isOrganisasjonsnummer(text: string): boolean {
  return /^\d{9}$/.test(text) && hasCheckDigit([...text].map(Number), [3, 2, 7, 6, 5, 4, 3, 2])
}

/**
 * Whether a text is a fødselsnummer or a d-nummer (day + 40): a day, a month and two check digits (modulus 11).
 * The month of a synthetic person has 80 (Tenor) or 40 added.
 */
export function isFodselsnummer(text: string): boolean {
  if (!/^(?:[04][1-9]|[1256]\d|[37][01])(?:[048][1-9]|[159][0-2])\d{7}$/.test(text)) return false
  const digits = [...text].map(Number)
  return hasCheckDigit(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2]) && hasCheckDigit(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}
