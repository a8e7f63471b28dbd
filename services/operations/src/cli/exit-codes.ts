/** What the process says to scripts. */
export const EXIT = {
  ok: 0,
  /** The hub refused: something in the request, or the state of what it is about. */
  refused: 1,
  /** The command was not understood, or the environment lacks something; nothing was sent. */
  usage: 2,
  notFound: 3,
  /** The client, or its scopes, are not accepted. */
  notAllowed: 4,
  /** The hub does not answer, or cannot now. */
  unavailable: 5,
  /** The account does not add up: something accepted cannot be found. */
  unaccounted: 6,
} as const

/** A command that was not understood; the message is Norwegian. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
