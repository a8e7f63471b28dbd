import { once } from 'node:events'
import { connect } from 'node:net'
import { createEmbeddedBus } from '@samband/bus'
import { createDispatcher } from '@samband/connector-kit'
import type { Logger } from '@samband/kernel'
import { createFilePayloads, createMemoryFileSystem } from '@samband/payloads'
import { realIds, realTime } from '@samband/process'
import { createSqliteStore, migrate, openDatabase, readMigrations } from '@samband/store'
import type { TenantRegistry } from '@samband/tenants'
import { expect, test } from 'vitest'
import { createHub } from './hub.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
const nobody: TenantRegistry = {
  start: async () => {},
  stop: async () => {},
  reread: async () => {},
  get: () => undefined,
  all: () => [],
  operators: () => [],
  problems: () => [],
  onChange: () => () => {},
}

/** A hub that listens on loopback and knows no municipality. */
async function aListeningHub() {
  const time = realTime()
  const ids = realIds()
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const store = createSqliteStore({ database, exclusive: true, timers: time.timers })
  const dispatcher = createDispatcher()
  const hub = await createHub({
    store,
    bus: createEmbeddedBus({ store, time, ids }),
    payloads: createFilePayloads({
      root: '/payloads',
      fs: createMemoryFileSystem(),
      keys: { wrappingKey: () => new Uint8Array(32) },
      ids,
    }),
    time,
    ids,
    log: silent,
    http: { dispatcher, time },
    tenants: nobody,
    tokenKey: new Uint8Array(32),
  })
  await hub.start()
  await hub.app.listen({ host: '127.0.0.1', port: 0 })
  const address = hub.app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the hub does not listen on a port')
  return { hub, port: address.port, close: () => Promise.all([store.close(), dispatcher.destroy()]) }
}

test('a request that stands still does not hold up the stop: its connection is cut when the time to drain is over', async () => {
  const { hub, port, close } = await aListeningHub()
  const stalled = connect(port, '127.0.0.1')
  stalled.on('error', () => {})
  const cut = once(stalled, 'close')
  await once(stalled, 'connect')
  const accepted = once(hub.app.server, 'request')
  stalled.write(
    'POST /oauth/token HTTP/1.1\r\nhost: hub\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\ngrant',
  )
  await accepted
  await hub.stop(50)
  await cut
  await close()

  expect(stalled.destroyed).toBe(true)
})

test('an address that does not exist gets a problem document, which does not repeat it', async () => {
  const { hub, close } = await aListeningHub()
  const answer = await hub.app.inject({ url: '/api/v1/15859099928' })
  await hub.stop(50)
  await close()

  expect(answer.statusCode).toBe(404)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.body).not.toContain('15859099928')
})
