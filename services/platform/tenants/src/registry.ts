import { changedKeyFaults, decide } from './acceptance.ts'
import type { Candidate, CheckedText } from './candidates.ts'
import { CandidateReader, checkText, OPERATORS } from './candidates.ts'
import type { Fault } from './faults.ts'
import type { LastGood, TenantChange, TenantProblem, TenantRegistry, TenantRegistryOptions } from './registry-types.ts'
import type { Operator } from './schema/klienter.ts'
import type { Tenant } from './schema/tenant-file.ts'

/** How often in a row a file has to be found missing: an editor may replace it by removing and renaming. */
const SIGHTS_UNTIL_ENDED = 2

/**
 * Tenants and operators from YAML files, read again while the hub runs. A faulty change is refused with every fault named, and the
 * old stays in force, also over a restart; other tenants are not touched by it. Nothing happens before `start`.
 */
export function createTenantRegistry(options: TenantRegistryOptions): TenantRegistry {
  return new Registry(options)
}

class Registry implements TenantRegistry {
  readonly #options: TenantRegistryOptions
  readonly #lastGood: LastGood
  readonly #reader: CandidateReader
  readonly #inForce = new Map<string, CheckedText>()
  /** Accepted before the restart, and not yet in force again. */
  readonly #remembered = new Map<string, string>()
  readonly #keys = new Map<string, string>()
  readonly #missing = new Map<string, number>()
  /** What `lastGood` has not taken yet. */
  readonly #unsaved = new Map<string, string>()
  readonly #listeners = new Set<(change: TenantChange) => void>()
  #problems: readonly TenantProblem[] = []
  #running: Promise<void> = Promise.resolve()
  #cancelTimer: () => void = () => undefined
  #stopped = false

  constructor(options: TenantRegistryOptions) {
    this.#options = options
    this.#lastGood = options.lastGood
    this.#reader = new CandidateReader(options.fs, options.directory, options.secrets)
  }

  async start(): Promise<void> {
    for (const [key, text] of Object.entries(await this.#lastGood.load()))
      if (text !== '') this.#remembered.set(key, text)
    for (const [key, keys] of Object.entries(await this.#lastGood.keys())) this.#keys.set(key, keys)
    await this.reread()
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    await this.#running
  }

  get(orgnr: string): Tenant | undefined {
    const content = this.#inForce.get(orgnr)?.content
    return content?.kind === 'tenant' ? content.tenant : undefined
  }

  all(): readonly Tenant[] {
    const orgnrs = [...this.#inForce.keys()].sort()
    return orgnrs.map((orgnr) => this.get(orgnr)).filter((tenant) => tenant !== undefined)
  }

  operators(): readonly Operator[] {
    const content = this.#inForce.get(OPERATORS)?.content
    return content?.kind === 'operators' ? content.operators : []
  }

  problems(): readonly TenantProblem[] {
    return this.#problems
  }

  reread(): Promise<void> {
    this.#running = this.#running.then(async () => {
      try {
        await this.#rereadOnce()
      } catch (error) {
        // Only the kind: nobody knows what text is in the message of a defect.
        const kind = error instanceof Error ? error.name : typeof error
        this.#options.log.error('rereading tenant files failed; what was in force stays', { error: kind })
      }
    })
    return this.#running
  }

  onChange(listener: (change: TenantChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#cancelTimer = this.#options.time.timers.after(this.#options.rereadMs, () => {
      void this.reread().then(() => this.#schedule())
    })
  }

  async #rereadOnce(): Promise<void> {
    const notBack = await this.#bringBack()
    const candidates = await this.#candidates()
    const problems: TenantProblem[] = []
    if (candidates === undefined) {
      const todo = 'Make the folder, or let the hub’s user read it.'
      const fault = { path: '', expected: 'a folder with tenant files', came: 'an error while listing it', todo }
      problems.push({ file: this.#options.directory, formerInForce: this.#inForce.size > 0, faults: [fault] })
    } else {
      const { accepted, refused } = decide(candidates, { inForce: this.#inForce, keys: this.#keys })
      for (const candidate of accepted) {
        const faults = await this.#keepKeys(candidate)
        if (faults.length === 0) this.#accept(candidate)
        else problems.push(this.#problem(candidate.file, candidate.key, faults))
      }
      for (const [candidate, faults] of refused) problems.push(this.#problem(candidate.file, candidate.key, faults))
      problems.push(...this.#lookForMissing(candidates))
    }
    // Where there is a file, what is wrong with the file is the thing to tell.
    const withoutFile = notBack.filter(({ file: key }) => !candidates?.some((candidate) => candidate.key === key))
    this.#tellProblems([...problems, ...withoutFile])
    await this.#save()
  }

  async #candidates(): Promise<readonly Candidate[] | undefined> {
    try {
      return await this.#reader.read()
    } catch {
      return undefined
    }
  }

  /** Puts back in force what was accepted before the restart, as soon as its secrets can be had. */
  async #bringBack(): Promise<TenantProblem[]> {
    const problems: TenantProblem[] = []
    for (const [key, text] of this.#remembered) {
      const checked = await checkText(text, key === OPERATORS, this.#options.secrets)
      const faults = [...checked.faults, ...changedKeyFaults({ ...checked, key }, this.#keys)]
      if (faults.length > 0) problems.push(this.#problem(key, key, faults))
      else this.#putInForce(key, checked)
    }
    return problems
  }

  /** A municipality comes into force when the store holds its keys, and with those keys alone: another process may have been first. */
  async #keepKeys(candidate: Candidate): Promise<readonly Fault[]> {
    const { key, keys } = candidate
    if (key === undefined || key === OPERATORS || this.#keys.get(key) === keys) return []
    try {
      this.#keys.set(key, await this.#lastGood.keepKeys(key, keys))
    } catch {
      const todo = 'Look at the store; it is tried again at the next reread.'
      return [{ path: 'payloadKey', expected: 'a store that keeps which keys count', came: 'an error', todo }]
    }
    return changedKeyFaults(candidate, this.#keys)
  }

  #accept(candidate: Candidate): void {
    const { key, file, text, warnings } = candidate
    if (key === undefined) return
    this.#unsaved.set(key, text)
    this.#options.log.info('tenant file accepted', { tenant: key, file })
    for (const { path, todo } of warnings) {
      this.#options.log.warn('tenant file accepted with a dangerous setting', { tenant: key, file, path, todo })
    }
    this.#putInForce(key, candidate)
  }

  #putInForce(key: string, checked: CheckedText): void {
    this.#remembered.delete(key)
    this.#inForce.set(key, checked)
    this.#tellChange(key)
  }

  #lookForMissing(candidates: readonly Candidate[]): TenantProblem[] {
    // A file whose orgnr cannot be read may be the one that seems to be missing.
    const anyoneUnknown = candidates.some(({ key }) => key === undefined)
    const problems: TenantProblem[] = []
    for (const key of new Set([...this.#inForce.keys(), ...this.#remembered.keys()])) {
      if (candidates.some((candidate) => candidate.key === key)) {
        this.#missing.delete(key)
        continue
      }
      const sights = (this.#missing.get(key) ?? 0) + (anyoneUnknown && key !== OPERATORS ? 0 : 1)
      this.#missing.set(key, sights)
      if (sights >= SIGHTS_UNTIL_ENDED) {
        this.#end(key)
        continue
      }
      const todo = 'Put it back. If it stays away, the next reread ends what it set.'
      problems.push(this.#problem(key, key, [{ path: '', expected: 'a file for it', came: 'nothing', todo }]))
    }
    return problems
  }

  #end(key: string): void {
    const was = this.#inForce.delete(key)
    this.#remembered.delete(key)
    this.#missing.delete(key)
    this.#unsaved.set(key, '')
    this.#options.log.warn('tenant ended: its file is gone', { tenant: key })
    if (was) this.#tellChange(key)
  }

  async #save(): Promise<void> {
    for (const [key, text] of this.#unsaved) {
      try {
        await this.#lastGood.save(key, text)
        this.#unsaved.delete(key)
      } catch {
        this.#options.log.warn('accepted tenant file could not be kept for a restart; tried again', { tenant: key })
      }
    }
  }

  #problem(file: string, key: string | undefined, faults: readonly Fault[]): TenantProblem {
    const orgnr = key === undefined || key === OPERATORS ? {} : { orgnr: key }
    return { file, ...orgnr, formerInForce: key !== undefined && this.#inForce.has(key), faults }
  }

  /** Logs a problem when it is new or has changed, not at every reread. */
  #tellProblems(problems: readonly TenantProblem[]): void {
    const known = new Set(this.#problems.map((problem) => JSON.stringify(problem)))
    this.#problems = problems
    for (const problem of problems) {
      if (known.has(JSON.stringify(problem))) continue
      const { file, orgnr, formerInForce } = problem
      for (const { path, expected, came, todo } of problem.faults) {
        const fields = { file, tenant: orgnr, formerInForce, path, expected, came, todo }
        this.#options.log.warn('tenant file refused', fields)
      }
    }
  }

  #tellChange(key: string): void {
    const change: TenantChange =
      key === OPERATORS
        ? { kind: 'operators', operators: this.operators() }
        : { kind: 'tenant', orgnr: key, tenant: this.get(key) }
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch {
        this.#options.log.error('a listener to tenant changes failed', { tenant: key })
      }
    }
  }
}
