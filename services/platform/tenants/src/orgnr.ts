const WEIGHTS = [3, 2, 7, 6, 5, 4, 3, 2]

/**
 * Whether `text` is an organisasjonsnummer: nine digits, the first 8 or 9 (Brønnøysundregistrene) or 2 or 3 (synthetic, Tenor),
 * the last a check digit by modulus 11 over the others.
 */
export function isOrgnr(text: string): boolean {
  if (!/^[2389][0-9]{8}$/.test(text)) return false
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(text[place]), 0)
  // A rest of 1 would need the check digit 10: such numbers are not given out, and no digit equals 10.
  return (11 - (sum % 11)) % 11 === Number(text[8])
}
