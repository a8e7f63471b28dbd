import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from '@samband/connector-kit'
import { countingIds, manualTime, startTestProxy } from '@samband/connector-kit/testing'
import type { BoundDestination } from '@samband/kernel'
import { Secret, type Tenant, type TenantRegistry, type WayOutSettings } from '@samband/tenants'
import { expect, onTestFinished, test } from 'vitest'
import { createDestinations } from './destinations.ts'
import { createWaysOut, type DefaultWayOut } from './ways-out.ts'

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })

async function destination() {
  const from: string[] = []
  const server = createServer((incoming, outgoing) => {
    from.push(String(incoming.socket.remoteAddress))
    outgoing.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, from }
}

async function proxy() {
  const started = await startTestProxy()
  onTestFinished(() => started.close())
  return started
}

function waysOut(byDefault: DefaultWayOut) {
  const ways = createWaysOut({ byDefault, time: manualTime() })
  onTestFinished(() => ways.destroy())
  return ways
}

const get = { method: 'GET', system: 'TEST', timeoutMs: 60_000 } as const

/** One tenant whose SvarUt, Maskinporten and core have these ways out. */
function tenantWith(wayOut: {
  svarut?: WayOutSettings
  maskinporten?: WayOutSettings
  noark5?: WayOutSettings
}): Pick<TenantRegistry, 'get'> {
  const secret = new Secret('env:X', 'hemmelig')
  const privateKey = new Secret('env:Y', rsa.export({ type: 'pkcs8', format: 'pem' }).toString())
  const common = { baseUrl: 'http://there/', timing: { startWithinMs: 1, inFlightMs: 1, lookUpLagMs: 1 } }
  const maskinporten = { wayOut: wayOut.maskinporten, scope: 'ks:fiks', privateKey, kid: 'k' }
  const connectors = {
    svarut: {
      ...common,
      kontoId: 'k',
      integrasjonId: 'i',
      integrasjonPassord: secret,
      maskinporten,
      wayOut: wayOut.svarut,
    },
    noark5: {
      ...common,
      arkivdel: 'a',
      profile: 'standard',
      login: { type: 'basic', user: 'u', password: secret },
      wayOut: wayOut.noark5,
    },
  }
  return { get: () => ({ connectors }) as unknown as Tenant }
}

const to = (system: string, account: string, user: string): BoundDestination => ({
  system,
  tenant: '314758625',
  baseUrl: 'http://there/',
  account,
  user,
  timing: { startWithinMs: 1, inFlightMs: 1, lookUpLagMs: 1 },
})

test('a destination goes by the environment, unless its tenant’s file says otherwise', async () => {
  const there = await destination()
  const [usual, own] = [await proxy(), await proxy()]
  const ways = waysOut({ proxy: { url: usual.url } })
  await request(ways.by(undefined), { ...get, url: there.url })
  await request(ways.by({ proxy: own.url }), { ...get, url: there.url })
  expect([usual.asked.length, own.asked.length]).toEqual([1, 1])
  await request(ways.by({ proxy: 'none', sourceAddress: '127.0.0.2' }), { ...get, url: there.url })
  expect([usual.asked.length, own.asked.length]).toEqual([1, 1])
  expect(there.from).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.2'])
})

test('a setting that is left out stays as the environment says: a source address keeps the usual proxy', async () => {
  const there = await destination()
  const usual = await proxy()
  await request(waysOut({ proxy: { url: usual.url } }).by({ sourceAddress: '127.0.0.2' }), { ...get, url: there.url })
  expect([usual.asked.length, usual.from]).toEqual([1, ['127.0.0.2']])
})

test('the same settings share one way, others have their own', () => {
  const ways = waysOut({})
  expect(ways.by({ proxy: 'http://a:1' })).toBe(ways.by({ proxy: 'http://a:1' }))
  expect(ways.by({})).toBe(ways.by(undefined))
  const withPassword = (password: string) => ({
    proxy: 'http://a:1',
    proxyUser: 'samband',
    proxyPassword: new Secret('env:P', password),
  })
  expect(ways.by(withPassword('one'))).not.toBe(ways.by(withPassword('two')))
})

test('SvarUt, the core and Maskinporten each get the way that their part of the file says', () => {
  const ways = waysOut({})
  const asked: (WayOutSettings | undefined)[] = []
  const parts = {
    svarut: { proxy: 'http://a:1' },
    noark5: { proxy: 'http://b:1' },
    maskinporten: { proxy: 'http://c:1' },
  }
  const wayOut = (settings: WayOutSettings | undefined) => {
    asked.push(settings)
    return ways.by(settings)
  }
  const tenants = tenantWith(parts) as TenantRegistry
  const destinations = createDestinations({ tenants, wayOut, ids: countingIds() })
  expect(destinations.noark5Access(to('noark5', 'a', 'u')).http).toBe(ways.by(parts.noark5))
  expect(destinations.svarutAccess(to('svarut', 'k', 'i')).http).toBe(ways.by(parts.svarut))
  expect(asked).toEqual([parts.noark5, parts.maskinporten, parts.svarut])
})
