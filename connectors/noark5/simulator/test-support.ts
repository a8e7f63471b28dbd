import { createHash } from 'node:crypto'
import type { SimulatorTime } from '@samband/simulator-kit'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Noark5SimulatorOptions } from './options.ts'
import { createNoark5Simulator, type Noark5Simulator } from './simulator.ts'

export const NOARK = 'application/vnd.noark5+json'
const REL = 'https://rel.arkivverket.no/noark5/v5/api/'

/** JSON of an answer, with its links. */
export interface Wire {
  readonly _links: Record<string, { href: string; templated?: boolean }>
  readonly results?: Wire[]
  readonly count?: number
  readonly [field: string]: unknown
}

/** A clock that tests move by hand. */
export class TestTime implements SimulatorTime {
  #nowMs: number
  #due: { atMs: number; run: () => void }[] = []

  constructor(start = '2026-03-02T09:15:00Z') {
    this.#nowMs = Date.parse(start)
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run }
    this.#due.push(timer)
    return () => {
      this.#due = this.#due.filter((one) => one !== timer)
    }
  }

  pending(): number {
    return this.#due.length
  }

  advance(ms: number): void {
    this.#nowMs += ms
    const ready = this.#due.filter((one) => one.atMs <= this.#nowMs)
    this.#due = this.#due.filter((one) => one.atMs > this.#nowMs)
    for (const one of ready) one.run()
  }
}

/** UUIDs in a row. */
export function uuids(): () => string {
  let last = 0
  return () => {
    last += 1
    return `00000000-0000-4000-8000-${last.toString(16).padStart(12, '0')}`
  }
}

/** The last part of a relation key, or a whole one. */
export function rel(name: string): string {
  return name.includes(':') || name === 'self' || name === 'next' ? name : `${REL}${name}/`
}

/** A client that follows links, as a real one would. */
export class TestClient {
  readonly sim: Noark5Simulator
  authorization: string | undefined

  constructor(sim: Noark5Simulator, authorization?: string) {
    this.sim = sim
    this.authorization = authorization
  }

  request(method: string, url: string, rest: InjectOptions = {}): Promise<LightMyRequestResponse> {
    const own = this.authorization === undefined ? {} : { authorization: this.authorization }
    return this.sim.app.inject({
      method: method as 'GET',
      url: url.split('{')[0] ?? url,
      ...rest,
      headers: { ...own, ...rest.headers },
    })
  }

  async get(url: string, query = ''): Promise<Wire> {
    const answer = await this.request('GET', `${url.split('{')[0]}${query}`)
    if (answer.statusCode !== 200) throw new Error(`GET ${answer.statusCode} ${answer.body}`)
    return answer.json()
  }

  send(
    method: 'POST' | 'PUT' | 'PATCH',
    url: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<LightMyRequestResponse> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : NOARK
    return this.request(method, url, { payload: JSON.stringify(body), headers: { 'content-type': type, ...headers } })
  }

  /** Creates through a link and expects it to work. */
  async make(on: Wire, name: string, body: unknown): Promise<Wire> {
    const answer = await this.send('POST', link(on, name), body)
    if (answer.statusCode !== 201) throw new Error(`${name}: ${answer.statusCode} ${answer.body}`)
    return answer.json()
  }

  /** One of the packages of the root. */
  async package(name: string): Promise<Wire> {
    return this.get(link(await this.get('/api/'), name))
  }

  /** A search in a package list. */
  async search(list: string, filter: string, more = ''): Promise<Wire> {
    const [name = ''] = list.split('/')
    return this.get(link(await this.package(name), list), `?$filter=${encodeURIComponent(filter)}${more}`)
  }

  async klasse(klasseID: string): Promise<Wire> {
    const found = await this.search('arkivstruktur/klasse', `klasseID eq '${klasseID}'`)
    return one(found)
  }

  /** Puts a file where it belongs, in one request. */
  upload(on: Wire, bytes: string | Buffer, type = 'application/pdf'): Promise<LightMyRequestResponse> {
    const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(bytes)) }
    return this.request('POST', link(on, 'arkivstruktur/fil'), { payload: bytes, headers })
  }
}

/** The only entry of a list. */
export function one(list: Wire): Wire {
  const [first] = list.results ?? []
  if (first === undefined || list.count !== 1) throw new Error(`expected one, got ${list.count}`)
  return first
}

/** The href of a link that must be there. */
export function link(on: Wire, name: string): string {
  const found = on._links[rel(name)]
  if (found === undefined) throw new Error(`no link ${name} among ${Object.keys(on._links).join(' ')}`)
  return found.href
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A simulator with a clock to move, and a client that is logged in; for Nikita with an access token. */
export async function aCore(
  options: Partial<Noark5SimulatorOptions> = {},
): Promise<{ sim: Noark5Simulator; time: TestTime; client: TestClient }> {
  const time = new TestTime()
  const sim = createNoark5Simulator({ time, random: { uuid: uuids() }, ...options })
  const client = new TestClient(sim, `Basic ${btoa('arkivar:arkivar-passord')}`)
  if (options.profile === 'nikita') client.authorization = await nikitaToken(sim)
  return { sim, time, client }
}

/** Logs in on Nikita as a user. */
export async function nikitaToken(
  sim: Noark5Simulator,
  navn = 'arkivar',
  passord = 'arkivar-passord',
): Promise<string> {
  const answer = await sim.app.inject({
    method: 'POST',
    url: '/api/oauth/token',
    headers: {
      authorization: `Basic ${btoa('nikita-client:secret')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: new URLSearchParams({ grant_type: 'password', username: navn, password: passord }).toString(),
  })
  return `Bearer ${answer.json().access_token}`
}

const CODES = {
  saksstatus: { kode: 'B', kodenavn: 'Under behandling' },
  utgaaende: { kode: 'U', kodenavn: 'Utgående dokument' },
  midlertidig: { kode: 'M' },
  hoveddokument: { kode: 'H', kodenavn: 'Hoveddokument' },
  brev: { kode: 'B', kodenavn: 'Brev' },
}

/** Files one letter up to its dokumentobjekt, with all that Nikita demands. */
export async function fileLetter(
  client: TestClient,
  bytes: string,
  titles: { sak?: string; post?: string; referanse?: string } = {},
): Promise<{ sak: Wire; post: Wire; part: Wire; dokument: Wire; objekt: Wire }> {
  const klasse = await client.klasse('L42')
  const sak = await client.make(klasse, 'sakarkiv/ny-saksmappe', {
    tittel: titles.sak ?? 'Byggesak',
    saksstatus: CODES.saksstatus,
  })
  const post = await client.make(sak, 'sakarkiv/ny-journalpost', {
    tittel: titles.post ?? 'Vedtak',
    journalposttype: CODES.utgaaende,
    journalstatus: CODES.midlertidig,
  })
  const part = await client.make(post, 'arkivstruktur/ny-korrespondansepartperson', {
    korrespondanseparttype: { kode: 'EM' },
    navn: 'Ane Prøve',
    personidentifikator: [{ foedselsnummer: '15859099928' }],
  })
  const dokument = await client.make(post, 'arkivstruktur/ny-dokumentbeskrivelse', {
    tittel: 'Vedtaksbrev',
    tilknyttetRegistreringSom: CODES.hoveddokument,
    dokumenttype: CODES.brev,
    dokumentstatus: { kode: 'B' },
    ...(titles.referanse === undefined ? {} : { eksternReferanse: titles.referanse }),
  })
  const objekt = await client.make(dokument, 'arkivstruktur/ny-dokumentobjekt', {
    variantformat: { kode: 'A' },
    format: { kode: 'fmt/95' },
    filnavn: 'vedtak.pdf',
    mimeType: 'application/pdf',
    filstoerrelse: Buffer.byteLength(bytes),
    sjekksum: sha256(bytes),
    sjekksumAlgoritme: 'SHA-256',
  })
  return { sak, post, part, dokument, objekt }
}
