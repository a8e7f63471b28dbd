import { createHash, generateKeyPairSync } from 'node:crypto'
import type { Logger, Time } from '@samband/kernel'
import { createTenantRegistry } from '../registry.ts'
import type { LastGood, TenantChange, TenantFiles, TenantRegistry } from '../registry-types.ts'
import type { SecretResolver } from '../secret.ts'

export const FJORD = '314758625'
export const DAL = '311094688'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** A complete tenant file with one klient; `changes` replaces whole lines. */
export function aTenantFile(
  orgnr: string,
  klientId = `fagsystem-${orgnr}`,
  changes: Record<string, string> = {},
): string {
  const lines = `orgnr: "${orgnr}"
navn: Prøvekommunen ${orgnr}
connectors:
  svarut:
    baseUrl: https://svarut.example.no
    kontoId: 0c9bb2f6-5a7e-4a3b-9d58-6a1a3bb0f001
    integrasjonId: 7f2f6c9a-2f0b-4a43-8f3f-5d0f3f9c0002
    integrasjonPassord: env:SVARUT_PASSORD
    maskinporten:
      issuer: https://maskinporten.example.no/
      tokenUrl: https://maskinporten.example.no/token
      clientId: 5f1d1c9e-0000-4000-8000-000000000003
      kid: samband-2026
      privateKey: env:MASKINPORTEN_KEY
      scope: ks:fiks
klienter:
  - klientId: ${klientId}
    secret: env:KLIENT_SECRET
    scopes: [forsendelse.send, forsendelse.les]
retention:
  payloadDays: 90
payloadKey: env:PAYLOAD_KEY_${orgnr}
hmacKey: env:HMAC_KEY_${orgnr}
`
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the tenant file has no ${from}`)
    return text.replace(from, to)
  }, lines)
}

/** Secrets that a test may change. */
export function someSecrets(): Map<string, string> {
  const key = (name: string) => createHash('sha256').update(name).digest('base64')
  return new Map([
    ['env:SVARUT_PASSORD', 'fjelltopp-og-havgap'],
    ['env:MASKINPORTEN_KEY', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['env:KLIENT_SECRET', 'klienthemmelighet-nr-1'],
    ...[FJORD, DAL].flatMap((orgnr) => [
      [`env:PAYLOAD_KEY_${orgnr}`, key(`payload ${orgnr}`)] as const,
      [`env:HMAC_KEY_${orgnr}`, key(`hmac ${orgnr}`)] as const,
    ]),
  ])
}

/** Resolves from a map; a name of `broken` rejects. */
export function resolverOf(secrets: ReadonlyMap<string, string>): SecretResolver {
  return { resolve: async (ref) => secrets.get(ref) }
}

/** Everything around a registry, in memory; `restart` starts another one on the same files and memory. */
export class World {
  readonly secrets = someSecrets()
  readonly saved = new Map<string, string>()
  readonly keptKeys = new Map<string, string>()
  readonly changes: TenantChange[] = []
  readonly lines: string[] = []
  listingFails = false
  savingFails = false
  keepingFails = false
  /** Called after a text was read, to play an editor that writes meanwhile. */
  afterRead: (file: string) => void = () => undefined
  #files = new Map<string, { text: string; stamp: number }>()
  #stamps = 0
  #now = 0
  #timers: { at: number; callback: () => void }[] = []

  write(file: string, text: string): void {
    this.#stamps += 1
    this.#files.set(file, { text, stamp: this.#stamps })
  }

  remove(file: string): void {
    this.#files.delete(file)
  }

  async start(): Promise<TenantRegistry> {
    this.#timers = []
    const registry = createTenantRegistry({
      directory: '/tenants',
      fs: this.#fs(),
      secrets: resolverOf(this.secrets),
      time: this.#time(),
      lastGood: this.#lastGood(),
      rereadMs: 10_000,
      log: this.#log(),
    })
    registry.onChange((change) => this.changes.push(change))
    await registry.start()
    return registry
  }

  /** Moves the clock, and lets what has become due come to its end. */
  async pass(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { callback } of due) callback()
    for (let turn = 0; turn < 500; turn += 1) await Promise.resolve()
  }

  waiting(): number {
    return this.#timers.length
  }

  #fs(): TenantFiles {
    const entry = (path: string) => this.#files.get(path.replace('/tenants/', ''))
    return {
      list: async () => {
        if (this.listingFails) throw new Error('no such folder')
        return [...this.#files.keys()]
      },
      modified: async (path) => entry(path)?.stamp.toString(),
      readText: async (path) => {
        const text = entry(path)?.text
        if (text === 'UNREADABLE') throw new Error('no rights')
        this.afterRead(path)
        return text
      },
    }
  }

  #lastGood(): LastGood {
    return {
      load: async () => Object.fromEntries(this.saved),
      save: async (orgnr, text) => {
        if (this.savingFails) throw new Error('store down')
        this.saved.set(orgnr, text)
      },
      keys: async () => Object.fromEntries(this.keptKeys),
      keepKeys: async (orgnr, keys) => {
        if (this.keepingFails) throw new Error('store down')
        const counts = this.keptKeys.get(orgnr) ?? keys
        this.keptKeys.set(orgnr, counts)
        return counts
      },
    }
  }

  #time(): Time {
    return {
      clock: { now: () => this.#now },
      stopwatch: { read: () => this.#now },
      timers: {
        after: (delayMs, callback) => {
          const timer = { at: this.#now + delayMs, callback }
          this.#timers.push(timer)
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer)
          }
        },
      },
    }
  }

  #log(): Logger {
    const write = (sentence: string, fields: object = {}) => {
      this.lines.push(`${sentence} ${JSON.stringify(fields)}`)
    }
    const log: Logger = { debug: write, info: write, warn: write, error: write, with: () => log }
    return log
  }
}
