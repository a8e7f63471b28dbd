import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { createTestAuthority, type ProxyBehaviour, startTestProxy } from '@samband/connector-kit/testing'
import type { DefaultWayOut } from '@samband/outbound'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { aWorld, clearUp, nobody, serve } from '../testing/installation-on-disk.ts'
import { checkDestinations, type Destination } from './destinations.ts'

afterEach(clearUp)

const DAY_MS = 86_400_000
const authority = createTestAuthority(Date.now())
const way: DefaultWayOut = { ca: [authority.ca] }

/** What is found about one SvarUt at this address. */
async function found(address: string, by: DefaultWayOut = way, timeoutMs = 5_000) {
  const destination: Destination = {
    system: 'SvarUt',
    url: new URL(address),
    way: by,
    setting: 'connectors.svarut.baseUrl',
    kommuner: ['314758625'],
  }
  const findings = await checkDestinations([destination], aWorld(), timeoutMs)
  expect(JSON.stringify(findings)).not.toContain('hunter2')
  return findings.map(({ grade, subject, message }) => `${grade} ${subject} ${message}`)
}

const serveTls = (name: string, validity?: { fromMs?: number; untilMs?: number }) =>
  serve((_incoming, outgoing) => void outgoing.end(), authority.issue(name, validity))

async function proxy(behaviour: ProxyBehaviour = {}) {
  const started = await startTestProxy(behaviour)
  onTestFinished(() => started.close())
  return started
}

test('an address that answers is in order, with and without TLS, also when it answers 404', async () => {
  const untilMs = Date.now() + 60 * DAY_MS
  const day = new Date(untilMs).toISOString().slice(0, 10)
  expect(await found(await serveTls('127.0.0.1', { untilMs }))).toEqual([
    expect.stringMatching(new RegExp(`^ok connectors\\.svarut\\.baseUrl \\(314758625\\) .*gjelder til ${day}`)),
  ])
  const asked: string[] = []
  const plain = await serve((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization}`)
    outgoing.writeHead(404).end()
  })
  expect(await found(`${plain}/api`)).toEqual([expect.stringMatching(/^ok /)])
  expect(asked).toEqual(['HEAD /api undefined'])
})

describe('an address that cannot be reached is told by what is wrong', () => {
  test('the name', async () => {
    expect(await found('https://svarut.invalid')).toEqual([
      expect.stringContaining('navnet finnes ikke i DNS (ENOTFOUND)'),
    ])
  })
  test('the port', async () => {
    expect(await found(`https://${await nobody()}`)).toEqual([
      expect.stringContaining('ingen svarer på porten (ECONNREFUSED)'),
    ])
  })
  test('an authority that is not known', async () => {
    const address = await serveTls('127.0.0.1')
    expect(await found(address, {})).toEqual([expect.stringContaining('utstederen av sertifikatet er ikke kjent')])
  })
  test('a certificate that has expired', async () => {
    const address = await serveTls('127.0.0.1', { fromMs: 0, untilMs: Date.now() - DAY_MS })
    expect(await found(address)).toEqual([expect.stringContaining('sertifikatet er utløpt')])
  })
  test('a certificate for another name', async () => {
    expect(await found(await serveTls('svarut.example'))).toEqual([expect.stringContaining('for et annet navn')])
  })
  test('a port without TLS', async () => {
    const plain = await serve((_incoming, outgoing) => void outgoing.end())
    expect(await found(plain.replace('http:', 'https:'))).toEqual([expect.stringMatching(/TLS mislyktes/)])
  })
  test('a source address that is not this machine’s', async () => {
    const address = await serveTls('127.0.0.1')
    expect(await found(address, { ...way, sourceAddress: '192.0.2.1' })).toEqual([
      expect.stringMatching(/avsenderadressen er ikke denne maskinens|ingen svarer på porten/),
    ])
  })
  test('something that takes the connection and says nothing', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    expect(await found(address, way, 200)).toEqual([expect.stringContaining('ikke noe svar på HTTP (ETIMEDOUT)')])
  })
})

describe('through a proxy', () => {
  test('an address is reached, and the proxy is asked once', async () => {
    const between = await proxy({ authorization: `Basic ${Buffer.from('samband:hunter2').toString('base64')}` })
    const login = { user: 'samband', password: 'hunter2' }
    expect(await found(await serveTls('127.0.0.1'), { ...way, proxy: { url: between.url, login } })).toEqual([
      expect.stringMatching(/^(ok|warning) .*/),
    ])
    expect(between.asked).toHaveLength(1)
  })

  test.each([
    ['does not take the user', { refuseWith: 407 }, 'godtar ikke brukeren (407)'],
    ['does not let it through', { refuseWith: 403 }, 'slipper oss ikke gjennom (403)'],
    ['hangs up', { hangUp: true }, 'slipper oss ikke gjennom'],
  ])('a proxy that %s is told', async (_what, behaviour, message) => {
    const { url } = await proxy(behaviour)
    const address = await serveTls('127.0.0.1')
    expect(await found(address, { ...way, proxy: { url } })).toEqual([expect.stringContaining(message)])
  })

  test('a proxy that is not there, and one whose name is unknown, are told', async () => {
    const address = await serveTls('127.0.0.1')
    const [gone, unknown] = [`http://${await nobody()}`, 'http://proxy.invalid:3128']
    expect(await found(address, { ...way, proxy: { url: gone } })).toEqual([
      expect.stringMatching(/^fault .*svarer ikke/),
    ])
    expect(await found(address, { ...way, proxy: { url: unknown } })).toEqual([
      expect.stringMatching(/^fault .*proxy\.invalid:3128 finnes ikke i DNS/),
    ])
  })

  test('a host that goes around it needs none', async () => {
    const address = await serveTls('127.0.0.1')
    const by = { ...way, proxy: { url: `http://${await nobody()}`, except: ['127.0.0.1'] } }
    expect((await found(address, by)).join()).not.toMatch(/fault/)
  })
})

test('a certificate that ends soon, and an answer of 503, are warnings', async () => {
  const soon = await serveTls('127.0.0.1', { untilMs: Date.now() + 10 * DAY_MS })
  expect(await found(soon)).toEqual([expect.stringMatching(/^warning .*går ut /)])
  const ill = await serve((_incoming, outgoing) => void outgoing.writeHead(503).end())
  expect(await found(ill)).toEqual([expect.stringMatching(/^warning .*med 503/)])
})

test('a clock that is off is told, by how much and which way', async () => {
  const clock = (offMs: number) =>
    serve((_incoming, outgoing) => {
      outgoing.setHeader('date', new Date(Date.now() + offMs).toUTCString())
      outgoing.end()
    })
  expect(await found(await clock(-60_000))).toEqual([
    expect.stringMatching(/^fault klokken, mot .* går (59|60|58) s foran/),
  ])
  expect(await found(await clock(7_000))).toEqual([expect.stringMatching(/^warning klokken, mot .* s bak/)])
  expect(await found(await clock(0))).toEqual([expect.stringMatching(/^ok /)])
})
