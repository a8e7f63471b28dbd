import { describe, expect, test } from 'vitest'
import { departures, readSystemCalls } from './system-calls.ts'

const FOLDER = '/tmp/run/data/payloads/314758625/7f'
const WATCHED = { dataFolder: '/tmp/run/data', port: 8080 }

/** As strace wrote them, with the identities shortened. */
const WRITE = `501 10:31:02.478491 write(22<${FOLDER}/a.half>, "SMBP"..., 92) = 92`
const SYNC_BEGINS = `502 10:31:02.478986 fdatasync(22<${FOLDER}/a.half> <unfinished ...>`
const SYNC_ENDS = '502 10:31:02.491846 <... fdatasync resumed>) = 0'
const RENAME = `501 10:31:02.492 rename("${FOLDER}/a.half", "${FOLDER}/a.payload") = 0`
const FOLDER_SYNC = `503 10:31:02.493 fsync(23<${FOLDER}>) = 0`
const LOG_WRITE =
  '500 10:31:02.515 pwrite64(21</tmp/run/data/samband.db-wal>, "\\r\\0\\0\\1\\17"..., 4096, 8296) = 4096'
const LOG_SYNC = '500 10:31:02.516 fdatasync(21</tmp/run/data/samband.db-wal>) = 0'
const ANSWER =
  '500 10:31:02.784 writev(26<TCP:[127.0.0.1:8080->127.0.0.1:35574]>, [{iov_base="HTTP/1.1 202 Accepted\\r\\nDate"..., iov_len=124}, {iov_base="{}", iov_len=2}], 2) = 126'
const REQUEST =
  '500 10:31:02.9 write(27<TCP:[127.0.0.1:35580->127.0.0.1:36981]>, "POST /api/v3/kontoer/k/forsendelser/person HTTP/1.1\\r\\nhost: x"..., 700) = 700'

const unsyncedIn = (...lines: string[]) => departures(readSystemCalls(lines), WATCHED).map(({ unsynced }) => unsynced)

describe('lines of strace', () => {
  test('joins a call that others interrupted, in order of beginning', () => {
    expect(readSystemCalls([SYNC_BEGINS, WRITE, SYNC_ENDS])).toMatchObject([
      { name: 'fdatasync', args: `22<${FOLDER}/a.half>`, result: '0', beganAt: 0, endedAt: 2 },
      { name: 'write', result: '92', beganAt: 1, endedAt: 1 },
    ])
  })

  test('leaves out signals, exits, and calls that never ended', () => {
    const lines = [
      '501 10:31:02.8 +++ exited with 0 +++',
      '501 10:31:02.8 --- SIGTERM {si_signo=SIGTERM} ---',
      SYNC_BEGINS,
      '',
    ]

    expect(readSystemCalls(lines)).toEqual([])
  })
})

describe('what leaves the process', () => {
  test('an answer after all syncs took nothing along that a power loss would', () => {
    const [answer] = departures(
      readSystemCalls([WRITE, SYNC_BEGINS, SYNC_ENDS, RENAME, FOLDER_SYNC, LOG_WRITE, LOG_SYNC, ANSWER]),
      WATCHED,
    )

    expect(answer).toEqual({ kind: 'answer', what: 'HTTP/1.1 202', unsynced: [], storeSyncs: 1, payloads: 1 })
  })

  test('a log that was written and not synced is told', () => {
    expect(unsyncedIn(LOG_SYNC, LOG_WRITE, ANSWER, LOG_SYNC, REQUEST)).toEqual([['/tmp/run/data/samband.db-wal'], []])
  })

  test('a sync that has not ended yet, or has failed, covers nothing', () => {
    expect(unsyncedIn(WRITE, SYNC_BEGINS, ANSWER, SYNC_ENDS)).toEqual([[`${FOLDER}/a.half`]])
    expect(unsyncedIn(LOG_WRITE, LOG_SYNC.replace('= 0', '= -1 EIO (Input/output error)'), ANSWER)).toEqual([
      ['/tmp/run/data/samband.db-wal'],
    ])
  })

  test('a sync that began before the write ended does not cover it', () => {
    expect(unsyncedIn(SYNC_BEGINS, WRITE, SYNC_ENDS, ANSWER)).toEqual([[`${FOLDER}/a.half`]])
  })

  test('a name that was given and not synced is told, and unsynced content goes along with it', () => {
    expect(unsyncedIn(WRITE, RENAME, ANSWER)).toEqual([[FOLDER, `${FOLDER}/a.payload`]])
  })

  test('a new file or folder makes the folder above it unsynced', () => {
    const made = `501 10:31:02.4 mkdir("${FOLDER}", 0700) = 0`
    const opened = `501 10:31:02.4 openat(AT_FDCWD</work>, "${FOLDER}/a.half", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 22<${FOLDER}/a.half>`

    expect(unsyncedIn(made, opened, ANSWER)).toEqual([['/tmp/run/data/payloads/314758625', FOLDER]])
  })

  test('requests that only ask, refusals, and what lies elsewhere are not looked at', () => {
    const lines = [
      LOG_WRITE,
      REQUEST.replace('/forsendelser/person', '/forsendelser/status/sok'),
      REQUEST.replace('POST /api/v3/kontoer/k/forsendelser/person', 'GET /api/v2'),
      ANSWER.replace('202 Accepted', '503 Service Unavailable'),
      ANSWER.replace(':8080->', ':9999->'),
    ]

    expect(unsyncedIn(...lines)).toEqual([])
    expect(unsyncedIn(LOG_WRITE.replaceAll('/tmp/run/', '/tmp/other/'), ANSWER)).toEqual([[]])
  })
})
