/**
 * DescribeGroups version 0: a broker says of each group whether we may look it up before it says whether the group is its own. kafkajs asks for the
 * coordinator first, loses the reason of a refusal on the way, and makes a new cluster set up its topic for groups.
 */
export function groupsBody(names: readonly string[]): Buffer {
  const groups = names.map((name) => {
    const bytes = Buffer.from(name)
    const length = Buffer.alloc(2)
    length.writeInt16BE(bytes.length)
    return Buffer.concat([length, bytes])
  })
  const count = Buffer.alloc(4)
  count.writeInt32BE(names.length)
  return Buffer.concat([count, ...groups])
}

const GROUP_AUTHORIZATION_FAILED = 30

/** The names of the groups that were refused. kafkajs has taken the correlation id. */
export function readRefusedGroups(payload: Buffer): readonly string[] {
  let at = 0
  const take = (count: number) => {
    const from = at
    at += Math.max(0, count)
    return from
  }
  const int16 = () => payload.readInt16BE(take(2))
  const int32 = () => payload.readInt32BE(take(4))
  const piece = (length: number) => {
    const from = take(length)
    return payload.subarray(from, at).toString()
  }
  const text = () => piece(int16())
  const refused: string[] = []
  for (let groups = int32(); groups > 0; groups--) {
    const error = int16()
    const name = text()
    for (let state = 0; state < 3; state++) text() // state, protocol type, protocol
    for (let members = int32(); members > 0; members--) {
      for (let names = 0; names < 3; names++) text() // member, client, host
      piece(int32()) // metadata
      piece(int32()) // assignment
    }
    if (error === GROUP_AUTHORIZATION_FAILED) refused.push(name)
  }
  return refused
}
