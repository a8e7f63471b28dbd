/** Which meeting of an event and a reader goes wrong. */
export type Breaks =
  /** Events of the older revision, in history or parked, met by a newer reader. */
  | 'old events, new reader'
  /** Events of the newer revision, met by a service that is not updated yet. */
  | 'new events, old reader'
  | 'both'
  /** No reader refuses an event; where such a change is forbidden all the same, `why` says what goes wrong instead. */
  | 'neither'

/** What the gate thinks of one kind of change within a version. */
export interface Rule {
  readonly verdict: 'allowed' | 'forbidden'
  readonly breaks: Breaks
  readonly why: string
}

/** Every kind of change the gate tells apart. What it cannot tell apart is forbidden. */
export const RULES = {
  'optional field added': {
    verdict: 'allowed',
    breaks: 'neither',
    why: 'Old readers ignore it, and old events do without it.',
  },
  'text changed': {
    verdict: 'allowed',
    breaks: 'neither',
    why: 'Titles and descriptions are for people; no reader looks at them.',
  },
  'required field added': {
    verdict: 'forbidden',
    breaks: 'old events, new reader',
    why: 'History holds events without it, and the new reader would refuse them. Add it as optional.',
  },
  'optional field removed': {
    verdict: 'forbidden',
    breaks: 'neither',
    why: 'A reader that uses it would stop getting it without a word, and its name could come back with another meaning.',
  },
  'required field removed': {
    verdict: 'forbidden',
    breaks: 'new events, old reader',
    why: 'Readers of the older revision require it and would refuse every new event.',
  },
  'required made optional': {
    verdict: 'forbidden',
    breaks: 'new events, old reader',
    why: 'Readers of the older revision require it and would refuse new events that leave it out.',
  },
  'optional made required': {
    verdict: 'forbidden',
    breaks: 'old events, new reader',
    why: 'History holds events that leave it out, and the new reader would refuse them.',
  },
  'type changed': {
    verdict: 'forbidden',
    breaks: 'both',
    why: 'A value of one type is refused by a reader of the other, in at least one direction and as a rule in both.',
  },
  'value added to list': {
    verdict: 'forbidden',
    breaks: 'new events, old reader',
    why: 'Readers of the older revision refuse a value they do not know. A list that will grow must be declared as an open string.',
  },
  'value removed from list': {
    verdict: 'forbidden',
    breaks: 'old events, new reader',
    why: 'History holds events with the removed value, and the new reader would refuse them.',
  },
  'limit tightened': {
    verdict: 'forbidden',
    breaks: 'old events, new reader',
    why: 'History may hold values outside the new limit, and the new reader would refuse them.',
  },
  'limit loosened': {
    verdict: 'forbidden',
    breaks: 'new events, old reader',
    why: 'Readers of the older revision refuse values outside the old limit.',
  },
  'pattern changed': {
    verdict: 'forbidden',
    breaks: 'both',
    why: 'Nobody can prove that two patterns accept the same values, so each direction counts as broken.',
  },
  'format changed': {
    verdict: 'forbidden',
    breaks: 'both',
    why: 'A value in one format is refused by a reader of the other.',
  },
  'default changed': {
    verdict: 'forbidden',
    breaks: 'neither',
    why: 'Two readers of different age would see different values in the same event.',
  },
  'unknown fields refused': {
    verdict: 'forbidden',
    breaks: 'neither',
    why: 'A reader that refuses unknown fields breaks at the next optional field. Readers are loose, always.',
  },
  'topic changed': {
    verdict: 'forbidden',
    breaks: 'neither',
    why: 'Order holds within a topic only, and readers of the old topic would wait for ever.',
  },
  'event type removed': {
    verdict: 'forbidden',
    breaks: 'old events, new reader',
    why: 'History or a parked message may hold such events, and nothing could read them.',
  },
  'something else changed': {
    verdict: 'forbidden',
    breaks: 'both',
    why: 'The gate does not know what this part of a schema means for a reader, so it takes no chances.',
  },
} as const satisfies Record<string, Rule>

/** A kind of change, by its name in the table. */
export type Change = keyof typeof RULES
