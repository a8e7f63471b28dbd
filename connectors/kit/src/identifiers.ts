/** What the eleven digits of a person's number are, as far as the digits themselves tell. */
export type PersonNumberKind = 'fodselsnummer' | 'd-nummer' | 'annet'

/** A well-formed person number. */
export interface PersonNumber {
  /** Only fødselsnummer and D-nummer identify a person nationally; `annet` covers H-numbers, NPID and FH-numbers. */
  readonly kind: PersonNumberKind
  /** Month + 80: made for tests by Skatteetaten. Real numbers never have it. */
  readonly synthetic: boolean
}

const K1_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]
const K2_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]
const ORGNR_WEIGHTS = [3, 2, 7, 6, 5, 4, 3, 2, 1]
/** From 1 January 2032 Folkeregisteret also gives numbers with these remainders of the first check digit; 0 is the rule of 1964. */
const K1_REMAINDERS = [0, 1, 2, 3]
/** What kinds of number add to the month, most far-reaching first; 0 is none. */
const MONTH_MARKS = [80, 65, 60, 40, 20, 0]
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * What a text of eleven ASCII digits is as a person's number, or `undefined` when its date or check digits are wrong. Accepts both the check digits
 * of 1964 and those of 2032, side by side. Tells neither that the number exists nor whose it is; sex and century are not derived.
 */
export function personNumber(text: string): PersonNumber | undefined {
  if (!/^[0-9]{11}$/.test(text)) return undefined
  const digits = [...text].map(Number)
  if (!K1_REMAINDERS.includes(remainder(digits, K1_WEIGHTS)) || remainder(digits, K2_WEIGHTS) !== 0) return undefined
  const first = digits[0] ?? 0
  // National help numbers begin with 8 or 9 and carry no date.
  if (first >= 8) return { kind: 'annet', synthetic: false }
  const day = Number(text.slice(0, 2)) % 40
  const markedMonth = Number(text.slice(2, 4))
  const mark = MONTH_MARKS.find((added) => markedMonth - added >= 1 && markedMonth - added <= 12)
  if (mark === undefined || !isDate(day, markedMonth - mark, Number(text.slice(4, 6)))) return undefined
  if (mark !== 0 && mark !== 80) return { kind: 'annet', synthetic: false }
  return { kind: first >= 4 ? 'd-nummer' : 'fodselsnummer', synthetic: mark === 80 }
}

/** True for a fødselsnummer or D-nummer, real or synthetic, whose first check digit is by the rule of 1964, as that of everybody born before 2032. */
export function isFodselsnummerOf1964(text: string): boolean {
  return isFodselsnummer(text) && remainder([...text].map(Number), K1_WEIGHTS) === 0
}

/** True for a fødselsnummer or D-nummer, real or synthetic, under the rule of 1964 or that of 2032. */
export function isFodselsnummer(text: string): boolean {
  const found = personNumber(text)
  return found !== undefined && found.kind !== 'annet'
}

/** True for nine ASCII digits with the right check digit (modulus 11). Synthetic units begin with 2 or 3. Tells not that the unit exists. */
export function isOrganisasjonsnummer(text: string): boolean {
  return /^[0-9]{9}$/.test(text) && remainder([...text].map(Number), ORGNR_WEIGHTS) === 0
}

function remainder(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, place) => sum + weight * (digits[place] ?? 0), 0) % 11
}

/** The century is unknown, so 29 February passes in every year divisible by four. */
function isDate(day: number, month: number, year: number): boolean {
  const days = month === 2 && year % 4 !== 0 ? 28 : DAYS_IN_MONTH[month - 1]
  return day >= 1 && days !== undefined && day <= days
}
