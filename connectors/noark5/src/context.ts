import type { BoundDestination } from '@samband/kernel'
import type { Noark5Dependencies } from './core.ts'
import { Core } from './core.ts'
import type { Innhold } from './innhold.ts'
import { readInnhold } from './innhold.ts'

/** Where the content of a letter lies. */
export type InnholdRef = { readonly ref: string }

/** What the effects share: the cores, each known once per process, and the payload store. */
export class Context {
  readonly deps: Noark5Dependencies
  readonly #cores = new Map<string, Core>()

  constructor(deps: Noark5Dependencies) {
    this.deps = deps
  }

  /** The core of a destination, as its user sees it. Two tenants on one core share nothing. */
  core(to: BoundDestination): Core {
    const name = JSON.stringify([to.tenant, to.baseUrl, to.account, to.user, to.timing])
    const known = this.#cores.get(name)
    if (known) return known
    const core = new Core(this.deps, to)
    this.#cores.set(name, core)
    return core
  }

  innhold(to: BoundDestination, { ref }: InnholdRef): Promise<Innhold> {
    return readInnhold(this.deps.payloads, to.tenant, ref, (stored) => this.deps.innholdOf?.(stored) ?? stored)
  }
}
