import { writeSync } from 'node:fs'
import type { EventBus, Store } from '@samband/kernel'
import { aroundFileSystem, type FileOperation, type PayloadFileSystem } from '@samband/payloads'
import { Dispatcher } from 'undici'
import type { Orders } from './place-book.ts'

/** File operations that change something, and so have a before and an after. */
const CHANGES: ReadonlySet<FileOperation> = new Set([
  'makeDirectory',
  'createTemporary',
  'write',
  'sync',
  'rename',
  'syncDirectory',
  'remove',
])

/** Counts how often the process comes to each place, tells it to its parent, and kills itself where it is told to. */
export class Boundaries {
  readonly #orders: Orders
  readonly #notesTo: number
  readonly #hits = new Map<string, number>()

  /** @param notesTo file descriptor; each note is one line, and in the kernel before the process goes on */
  constructor(orders: Orders, notesTo: number) {
    this.#orders = orders
    this.#notesTo = notesTo
  }

  /** The process is at `place` now. Does not return when it is to die here. */
  at(place: string): void {
    const hits = (this.#hits.get(place) ?? 0) + 1
    this.#hits.set(place, hits)
    const dies = this.#orders[place] === hits
    writeSync(this.#notesTo, `${dies ? 'dies' : 'at'} ${place}\n`)
    if (dies) process.kill(process.pid, 'SIGKILL')
  }

  /** A call with a place before it and, when it has worked, one behind it. */
  async around<T>(place: string, call: () => Promise<T>): Promise<T> {
    this.at(`${place} before`)
    const value = await call()
    this.at(`${place} after`)
    return value
  }

  /** Every transaction, by its own name. Reads change nothing. */
  store(store: Store): Store {
    return {
      exclusive: store.exclusive,
      transaction: (place, work, terms) => this.around(`store ${place}`, () => store.transaction(place, work, terms)),
      read: (place, work) => store.read(place, work),
      close: () => store.close(),
    }
  }

  files(files: PayloadFileSystem): PayloadFileSystem {
    return aroundFileSystem(files, (operation, _path, run) =>
      CHANGES.has(operation) ? this.around(`file ${operation}`, run) : run(),
    )
  }

  bus(bus: EventBus): EventBus {
    return {
      ensureTopics: (topics) => bus.ensureTopics(topics),
      append: (records) => this.around('log append', () => bus.append(records)),
      consume: (subscription) => bus.consume(subscription),
      ends: (topic) => bus.ends(topic),
      close: () => bus.close(),
    }
  }

  /** @param systems name of each system by the origin of its address */
  dispatcher(network: Dispatcher, systems: Readonly<Record<string, string>>): Dispatcher {
    return new WatchedNetwork(
      network,
      (request) => `http ${request.method} ${systems[String(request.origin)] ?? 'elsewhere'}`,
      this,
    )
  }
}

class WatchedNetwork extends Dispatcher {
  readonly #network: Dispatcher
  readonly #placeOf: (request: Dispatcher.DispatchOptions) => string
  readonly #boundaries: Boundaries

  constructor(network: Dispatcher, placeOf: (request: Dispatcher.DispatchOptions) => string, boundaries: Boundaries) {
    super()
    this.#network = network
    this.#placeOf = placeOf
    this.#boundaries = boundaries
  }

  override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const place = this.#placeOf(request)
    const boundaries = this.#boundaries
    boundaries.at(`${place} before`)
    const watched: Dispatcher.DispatchHandler & { onRequestSent(): void } = {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
      onResponseStart: (...given) => handler.onResponseStart?.(...given),
      onResponseData: (...given) => handler.onResponseData?.(...given),
      onResponseError: (...given) => handler.onResponseError?.(...given),
      // Called ahead of a chunked body's very last bytes: they have left when the turn is over.
      onRequestSent: () => void setImmediate(() => boundaries.at(`${place} sent`)),
      onResponseEnd(...given) {
        boundaries.at(`${place} answered`)
        handler.onResponseEnd?.(...given)
      },
    }
    return this.#network.dispatch(request, watched)
  }

  override close(): Promise<void> {
    return this.#network.close()
  }

  override destroy(): Promise<void> {
    return this.#network.destroy()
  }
}
