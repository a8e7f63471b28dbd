import { createHash } from 'node:crypto'
import { sleep, type Time } from '@samband/kernel'
import type { ReplayAnswer } from '@samband/operations'
import type { Credentials, DemoApi } from './api.ts'
import { Board } from './board.ts'
import {
  contentOf,
  DEMO_LETTERS,
  type DemoLetter,
  forsendelseOf,
  LARGE_LETTER,
  MISSING_KLASSE,
  SILENT_KOMMUNE,
  SILENT_LETTER,
} from './letters.ts'
import { multipartBody } from './multipart.ts'
import { type ProgressEvent, standingOf } from './progress.ts'
import type { Screen } from './screen.ts'
import { tableLines } from './table.ts'
import { type ExpectedLetter, type SeenInCore, type Tally, tallyOf } from './tally.ts'
import { DEMO_TIMING } from './tenant-files.ts'
import type { DemoTenant, DemoWorld } from './world.ts'

/** What a telling of the story needs. */
export interface StoryParts {
  readonly world: DemoWorld
  readonly api: DemoApi
  readonly screen: Screen
  readonly time: Time
  /** Ends the story at once. */
  readonly signal: AbortSignal
}

const LOOK_EVERY_MS = 250
/** The story takes about 15 s; on the slowest machine it has to be over in time for the limit of three minutes. */
const LONGEST_STORY_MS = 160_000
/** How long the core of Molde stays away after the hub has noticed. */
const DOWN_FOR_MS = 2_500

/** Tells the story from the first letter to the account. */
export class Story {
  readonly board = new Board()
  readonly #parts: StoryParts
  readonly #startMs: number
  readonly #accepted: ExpectedLetter[] = []
  /** What has been told once and is not told again. */
  readonly #told = new Set<string>()
  #molde: 'down' | 'up' = 'down'
  #circuitSeenMs: number | undefined

  constructor(parts: StoryParts) {
    this.#parts = parts
    this.#startMs = parts.time.stopwatch.read()
  }

  /** Runs all of it. Rejects when something takes far too long, or with the signal's reason. */
  async tell(): Promise<void> {
    await this.#send()
    await this.#failures()
    await this.#repair()
    await this.#account()
  }

  /** What reached the simulators, against what the hub took. */
  tally(): Tally {
    const { world } = this.#parts
    const parked = DEMO_LETTERS.filter((letter) => this.#standing(letter) === 'stanset').map(({ mark }) => mark)
    return tallyOf(this.#accepted, new Set(parked), world.svarut.received(), world.tenants.map(seenInCore))
  }

  /** Looks at every open letter once and tells what has changed. */
  async look(): Promise<void> {
    const { api, screen } = this.#parts
    for (const { eksternReferanse, kommune, id } of this.board.open()) {
      const tenant = this.#tenant(kommune)
      if (id === undefined || tenant === undefined) continue
      const view = await api.letter(clientOf(tenant), id)
      const wasSilent = eksternReferanse === SILENT_LETTER && this.#isSilent()
      for (const event of this.board.update(kommune, view)) {
        if (wasSilent && event.text.startsWith('SvarUt har overtatt')) this.#tellFound()
        else if (!event.isInTable || !screen.isShowing) this.#event(eksternReferanse, this.#wordsOf(event))
      }
    }
    screen.redraw()
  }

  /** One letter of somebody else's, from now on on the board. */
  welcome(kommune: string, eksternReferanse: string, id: string): void {
    this.board.put({ kommune, eksternReferanse, id, documents: 0, sizeBytes: 0, isFiled: false, view: undefined })
    this.#event(eksternReferanse, 'nytt brev er tatt imot')
  }

  async #send(): Promise<void> {
    const { world, screen } = this.#parts
    screen.heading('1  Tre kommuner sender tolv brev, og tre ting er galt der ute')
    screen.say('Molde:   arkivkjernen er nede.')
    screen.say(`Vestnes: SvarUt tar imot ${SILENT_LETTER}, men svarer aldri. ${LARGE_LETTER} har et vedlegg på 40 MB.`)
    screen.say(`Aukra:   arkivkjernen mangler klasse ${MISSING_KLASSE.klasseID}, som to av brevene skal arkiveres på.`)
    screen.raw()
    await this.#tenant('molde')?.coreSocket.down()
    world.svarut.faults.order({ operation: 'send', fault: 'accept-then-hang', mark: `demo-${SILENT_LETTER}` })
    for (const letter of DEMO_LETTERS) this.#expectOnBoard(letter)
    screen.show(this.board.picture(screen.paint))
    const sending = Promise.all(world.tenants.map((tenant) => this.#sendAllOf(tenant)))
    // Its rejection is met below; a wait that fails first must not leave it unheard.
    sending.catch(() => undefined)
    await this.#until('brevene er framme eller stanset', async () => {
      await this.#tellMoments()
      return this.#molde === 'up' && this.board.count('ferdig') + this.board.count('stanset') === DEMO_LETTERS.length
    })
    await sending
    this.#closeTable()
  }

  async #sendAllOf(tenant: DemoTenant): Promise<void> {
    for (const letter of DEMO_LETTERS) if (letter.kommune === tenant.kommune) await this.#sendOne(tenant, letter)
  }

  async #sendOne(tenant: DemoTenant, letter: DemoLetter): Promise<void> {
    const { api, signal } = this.#parts
    signal.throwIfAborted()
    const files = letter.dokumenter.map((document) => ({
      filnavn: document.filnavn,
      mimeType: 'application/pdf',
      content: contentOf(letter, document),
    }))
    const boundary = `samband-demo-${letter.eksternReferanse}`
    const body = multipartBody(boundary, forsendelseOf(letter), files)
    const { id } = await api.post(clientOf(tenant), `multipart/form-data; boundary=${boundary}`, body)
    this.#accepted.push({
      mark: letter.mark,
      mottakerHash: sha256(letter.digitalId),
      orgnr: tenant.orgnr,
      isFiled: letter.arkiv !== undefined,
      documentHashes: files.map(({ content }) => sha256(content)),
    })
    const shown = this.board.get(letter.kommune, letter.eksternReferanse)
    if (shown !== undefined) this.board.put({ ...shown, id })
    if (!this.#parts.screen.isShowing)
      this.#event(
        letter.eksternReferanse,
        `tatt imot fra ${tenant.navn}: ${files.length} dok., trygt på disk før svaret gikk ut`,
      )
  }

  #expectOnBoard(letter: DemoLetter): void {
    const sizeBytes = letter.dokumenter.reduce((sum, document) => sum + document.sizeBytes, 0)
    const { kommune, eksternReferanse, dokumenter, arkiv } = letter
    this.board.put({
      kommune,
      eksternReferanse,
      id: undefined,
      documents: dokumenter.length,
      sizeBytes,
      isFiled: arkiv !== undefined,
      view: undefined,
    })
  }

  /** What the table cannot show: what goes on at the other side. */
  async #tellMoments(): Promise<void> {
    const { world } = this.#parts
    const isAtSvarUt = world.svarut.received().some(({ marks }) => marks.includes(`demo-${SILENT_LETTER}`))
    if (isAtSvarUt && this.#isSilent()) {
      const { startWithinMs, inFlightMs } = DEMO_TIMING
      this.#once(
        SILENT_LETTER,
        `SvarUt har tatt brevet, men svarer ikke. Navet venter i ${(startWithinMs + inFlightMs) / 1000} s, og vet da ikke om det kom fram.`,
      )
    }
    if (this.#told.has('molde er oppe') && this.#told.has('krets lukket')) return
    await this.#followMolde(await world.hub.openCircuits())
  }

  async #followMolde(circuits: Awaited<ReturnType<DemoWorld['hub']['openCircuits']>>): Promise<void> {
    const molde = this.#tenant('molde')
    const isOpen = circuits.some(({ tenant, system }) => tenant === molde?.orgnr && system === 'noark5')
    if (isOpen && this.#circuitSeenMs === undefined) {
      this.#circuitSeenMs = this.#atMs()
      this.#event(
        'Molde',
        'Fem forsøk på rad nådde ikke arkivkjernen. Nå venter alle brev dit uten å bruke forsøk, og ett prøver seg om gangen.',
      )
    }
    if (
      this.#molde === 'down' &&
      this.#circuitSeenMs !== undefined &&
      this.#atMs() - this.#circuitSeenMs >= DOWN_FOR_MS
    ) {
      await molde?.coreSocket.up()
      this.#molde = 'up'
      this.#told.add('molde er oppe')
      this.#event('Molde', 'Arkivkjernen er startet igjen. Ingen gjør noe i navet: det merker det selv.')
    }
    if (!isOpen && this.#molde === 'up' && !this.#told.has('krets lukket')) {
      this.#told.add('krets lukket')
      this.#event('Molde', 'Arkivkjernen svarer, og brevene som ventet, går videre.')
    }
  }

  #tellFound(): void {
    const copies = this.#parts.world.svarut
      .received()
      .filter(({ marks }) => marks.includes(`demo-${SILENT_LETTER}`)).length
    this.#event(
      SILENT_LETTER,
      `Navet spurte SvarUt etter referansen, og brevet var der. Det sendes ikke en gang til: SvarUt har ${copies} eksemplar.`,
    )
  }

  async #failures(): Promise<void> {
    const { api, screen, world } = this.#parts
    screen.heading('2  Driften ser hva som står fast, og hvorfor')
    const { grupper } = await api.failures()
    for (const { parkert, kode, kommuner, forklaring } of grupper) {
      screen.say(
        `${parkert} brev fra ${kommuner.map(({ navn }) => navn).join(', ')} er parkert av samme årsak: ${kode}`,
      )
      screen.say(`Betydning:  ${forklaring.betydning}`, 2)
      screen.say(`Hvem:       ${forklaring.hvem}`, 2)
      screen.say(`Neste steg: ${forklaring.nesteSteg}`, 2)
    }
    const parked = DEMO_LETTERS.filter((letter) => this.#standing(letter) === 'stanset')
    const marks = parked.map(({ mark }) => mark)
    const isOne = (seen: { readonly marks: readonly string[] }) => seen.marks.some((mark) => marks.includes(mark))
    const atSvarUt = world.svarut.received().filter(isOne).length
    const inCores = world.tenants.flatMap(({ core }) => core.received().journalposter).filter(isOne).length
    screen.say(
      `Talt hos mottakerne: SvarUt har ${atSvarUt} av dem og arkivkjernene ${inCores}. De ble stanset før noe forlot navet.`,
    )
  }

  async #repair(): Promise<void> {
    const { api, screen } = this.#parts
    screen.heading('3  Årsaken rettes, og brevene kjøres om igjen')
    const { klasseID, tittel } = MISSING_KLASSE
    this.#tenant('aukra')?.core.addKlasse(MISSING_KLASSE)
    this.#event(
      'Aukra',
      `Arkivet legger inn klasse ${klasseID} ${tittel} i kjernen. Avsenderen trenger ikke sende noe på nytt.`,
    )
    for (const { fingerprint } of (await api.failures()).grupper) {
      const plan = await api.planReplay(fingerprint, `Klasse ${klasseID} er lagt inn i kjernen`)
      this.#event('drift', plan.setning)
      this.#event('drift', `Prognose: ${forecastText(plan)}`)
      const started = await api.startReplay(plan.omkjoringId)
      this.#event('drift', started.setning)
      screen.show(this.board.picture(screen.paint))
      await this.#until('omkjøringen er ferdig', async () => (await api.replay(plan.omkjoringId)).tilstand === 'ferdig')
      const { setning, resultat } = await api.replay(plan.omkjoringId)
      this.#event('drift', `${setning} Ferdig: ${resultat.ferdig}, parkert igjen: ${resultat.parkertIgjen}.`)
    }
    await this.#until('alle brev er framme', async () => this.board.count('ferdig') === DEMO_LETTERS.length)
    this.#closeTable()
  }

  async #account(): Promise<void> {
    const { api, screen } = this.#parts
    screen.heading('4  Regnskapet: alt som er mottatt, er gjort rede for')
    await this.#until('regnskapet er à jour', async () => {
      const { stemmer, linjer } = await api.account()
      return stemmer && linjer.every(({ antall }) => antall.venter === 0)
    })
    const { linjer, stemmer } = await api.account()
    const headings = ['Kommune', 'Mottatt', 'Ferdig', 'Venter', 'Parkert', 'Endte dårlig', 'Forkastet', 'Savnet']
    const rows = linjer.map(({ kommune, mottatt, antall }) =>
      [
        kommune.navn,
        mottatt,
        antall.ferdig,
        antall.venter,
        antall.parkert,
        antall.endteDarlig,
        antall.forkastet,
        antall.uregnskapsfort,
      ].map(String),
    )
    const columns = headings.map((heading, place) => ({ heading, width: place === 0 ? 16 : heading.length }))
    for (const line of tableLines(columns, rows, screen.width)) screen.raw(line)
    screen.say(stemmer ? 'Regnskapet stemmer.' : 'REGNSKAPET STEMMER IKKE.')
  }

  /** In a terminal the table goes away when its act is over; elsewhere it is written once. */
  #closeTable(): void {
    const { screen } = this.#parts
    const lines = this.board.lines(screen.width)
    screen.show(undefined)
    screen.raw()
    for (const line of lines) screen.raw(line)
  }

  async #until(what: string, isReached: () => Promise<boolean>): Promise<void> {
    const { time, signal } = this.#parts
    for (;;) {
      signal.throwIfAborted()
      await this.look()
      if (await isReached()) return
      if (this.#atMs() > LONGEST_STORY_MS)
        throw new Error(`Etter ${LONGEST_STORY_MS / 1000} s ventes det ennå på at ${what}.`)
      await sleep(time.timers, LOOK_EVERY_MS, signal)
    }
  }

  /** A cause is explained once. */
  #wordsOf({ text, again }: ProgressEvent): string {
    if (again === undefined) return text
    if (this.#told.has(again.kode)) return again.text
    this.#told.add(again.kode)
    return text
  }

  #once(label: string, text: string): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.#event(label, text)
  }

  #event(label: string, text: string): void {
    const { screen, signal } = this.#parts
    // What is still under way when somebody stops the demo is nobody's news any more.
    if (!signal.aborted) screen.event(this.#atMs(), label, text)
  }

  #atMs(): number {
    return this.#parts.time.stopwatch.read() - this.#startMs
  }

  /** Whether nobody knows yet that SvarUt has the letter it never answered for. */
  #isSilent(): boolean {
    return this.board.get(SILENT_KOMMUNE, SILENT_LETTER)?.view?.svarUt === undefined
  }

  #standing({ kommune, eksternReferanse }: DemoLetter) {
    const letter = this.board.get(kommune, eksternReferanse)
    return letter === undefined ? undefined : standingOf(letter)
  }

  #tenant(kommune: string): DemoTenant | undefined {
    return this.#parts.world.tenants.find((tenant) => tenant.kommune === kommune)
  }
}

function clientOf({ klientId, klientSecret }: DemoTenant): Credentials {
  return { klientId, secret: klientSecret }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function seenInCore({ orgnr, core }: DemoTenant): SeenInCore {
  const { journalposter, filer } = core.received()
  return { orgnr, journalposter, filer }
}

function forecastText({ prognose }: ReplayAnswer): string {
  const parts = [
    [prognose.kjoresPaNytt, 'kjøres på nytt, for ingenting er begynt utenfor'],
    [prognose.fortsetter, 'fortsetter etter det som er gjort'],
    [prognose.sporForst, 'spør mottakersystemet først'],
    [prognose.kanIkke, 'kan ikke kjøres'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join('; ')
}
