import { expect, test } from 'vitest'
import { groupsBody, readRefusedGroups } from './group-rights.ts'

const short = (value: number) => Buffer.from([value >> 8, value & 0xff])
const long = (value: number) => Buffer.concat([short(value >> 16), short(value & 0xffff)])
const text = (value: string) => Buffer.concat([short(value.length), Buffer.from(value)])
const bytes = (value: string) => Buffer.concat([long(value.length), Buffer.from(value)])

test('groups are named one after the other', () => {
  expect(groupsBody(['a', 'bc'])).toEqual(Buffer.concat([long(2), text('a'), text('bc')]))
})

test('a group that is refused is found behind one with members, and another error is no refusal', () => {
  const member = Buffer.concat([text('m-1'), text('client'), text('/10.0.0.1'), bytes('metadata'), bytes('assignment')])
  const group = (error: number, name: string, members: readonly Buffer[]) =>
    Buffer.concat([
      short(error),
      text(name),
      text('Stable'),
      text('consumer'),
      text('range'),
      long(members.length),
      ...members,
    ])
  const answer = [group(0, 'ours', [member, member]), group(30, 'theirs', []), group(16, 'elsewhere', [])]
  expect(readRefusedGroups(Buffer.concat([long(answer.length), ...answer]))).toEqual(['theirs'])
})
