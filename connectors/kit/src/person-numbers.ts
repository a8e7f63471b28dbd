import { isFodselsnummer, isFodselsnummerOf1964 } from './identifiers.ts'

/** What is written between the digits of a number, at most three of them together: spaces, points, hyphens and dashes. */
const SEPARATOR = String.raw`[\s.\-‐-–−]{0,3}`
const DIGITS = new RegExp(`[0-9](?:${SEPARATOR}[0-9]){10,}`, 'g')
/** Its digits are random, and made by no person. */
const UUID = /(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])/gi

/**
 * True for a text that holds a fødselsnummer or D-nummer, real or synthetic, in any form it is written: `158590 99928`, `15.85.90-999 28`, in
 * digits of full width, and inside a longer row of digits. For texts that may not tell who somebody is.
 *
 * Eleven digits that stand alone are one by the rule of 1964 or that of 2032. Inside a longer number only by the rule of 1964, else too many
 * numbers that are none would be refused: so about one in a hundred random numbers of twenty digits is, and with both rules it would be one in
 * twenty. UUIDs are passed over whole.
 */
export function holdsPersonNumber(text: string): boolean {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(UUID, ' ')
  return (plain.match(DIGITS) ?? []).some(runHolds)
}

function runHolds(run: string): boolean {
  const digits = [...run.matchAll(/[0-9]/g)]
  for (let first = 0; first + 11 <= digits.length; first += 1) {
    const window = digits.slice(first, first + 11)
    const [from, to] = [window[0]?.index ?? 0, window[10]?.index ?? 0]
    const number = window.map(([digit]) => digit).join('')
    const alone = !isDigit(run[from - 1]) && !isDigit(run[to + 1])
    if (alone ? isFodselsnummer(number) : isFodselsnummerOf1964(number)) return true
  }
  return false
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}
