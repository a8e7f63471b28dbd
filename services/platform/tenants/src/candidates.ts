import type { CheckedFile } from './check-file.ts'
import { checkOperatorsFile, checkTenantFile } from './check-file.ts'
import type { Fault } from './faults.ts'
import type { TenantFiles } from './registry-types.ts'
import type { Operator } from './schema/klienter.ts'
import type { Tenant } from './schema/tenant-file.ts'
import type { SecretResolver } from './secret.ts'

/** Stands where a tenant's orgnr stands otherwise. */
export const OPERATORS = 'operators'

/** What a file sets when it comes into force. */
export type Content =
  | { readonly kind: 'tenant'; readonly tenant: Tenant }
  | { readonly kind: 'operators'; readonly operators: readonly Operator[] }

/** A text that was checked by itself. */
export interface CheckedText extends Omit<CheckedFile<unknown>, 'value' | 'orgnr'> {
  readonly text: string
  /** Whose it is: orgnr or `operators`; `undefined` when that cannot be read. */
  readonly key: string | undefined
  /** Only without faults. */
  readonly content?: Content
}

/** A file as this reread found it. */
export interface Candidate extends CheckedText {
  readonly file: string
}

/** Checks a text by itself. `isOperators` says which of the two kinds of file it is. */
export async function checkText(text: string, isOperators: boolean, secrets: SecretResolver): Promise<CheckedText> {
  if (isOperators) {
    const { value, ...checked } = await checkOperatorsFile(text, secrets)
    const content = value === undefined ? {} : { content: { kind: 'operators' as const, operators: value } }
    return { ...checked, ...content, text, key: OPERATORS }
  }
  const { value, orgnr, ...checked } = await checkTenantFile(text, secrets)
  const content = value === undefined ? {} : { content: { kind: 'tenant' as const, tenant: value } }
  return { ...checked, ...content, text, key: orgnr }
}

/** Reads the files of the folder, and remembers whose each was, for the time when that cannot be read any more. */
export class CandidateReader {
  readonly #fs: TenantFiles
  readonly #directory: string
  readonly #secrets: SecretResolver
  readonly #texts = new Map<string, { readonly stamp: string; readonly text: string }>()
  readonly #owners = new Map<string, string>()

  constructor(fs: TenantFiles, directory: string, secrets: SecretResolver) {
    this.#fs = fs
    this.#directory = directory
    this.#secrets = secrets
  }

  /** All files, in the order of their names. Rejects when the folder cannot be listed. */
  async read(): Promise<readonly Candidate[]> {
    const names = await this.#fs.list(this.#directory)
    const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
    const candidates: Candidate[] = []
    for (const file of files) {
      const candidate = await this.#readOne(file)
      if (candidate !== undefined) candidates.push(candidate)
    }
    for (const file of this.#texts.keys()) if (!files.includes(file)) this.#texts.delete(file)
    return candidates
  }

  /** `undefined` when the file has gone since the folder was listed. */
  async #readOne(file: string): Promise<Candidate | undefined> {
    let text: string | undefined | Fault
    try {
      text = await this.#textOf(file)
    } catch {
      text = {
        path: '',
        expected: 'a file that can be read',
        came: 'an error while reading it',
        todo: 'Let the hub’s user read it.',
      }
    }
    if (text === undefined) return undefined
    if (typeof text !== 'string') return this.#unreadable(file, text)
    const checked = await checkText(text, isOperatorsFile(file), this.#secrets)
    if (checked.key !== undefined) this.#owners.set(file, checked.key)
    return { ...checked, file, key: this.#owners.get(file) }
  }

  async #textOf(file: string): Promise<string | undefined | Fault> {
    const path = `${this.#directory}/${file}`
    const stamp = await this.#fs.modified(path)
    const known = this.#texts.get(file)
    if (stamp === undefined) return undefined
    if (known?.stamp === stamp) return known.text
    const text = await this.#fs.readText(path)
    if (text === undefined) return undefined
    // Half a file may be valid YAML: what changes while it is read is left to the next reread.
    if ((await this.#fs.modified(path)) !== stamp) {
      const came = 'a file that is being written'
      return { path: '', expected: 'a file at rest', came, todo: 'Nothing: it is read again soon.' }
    }
    this.#texts.set(file, { stamp, text })
    return text
  }

  #unreadable(file: string, fault: Fault): Candidate {
    const key = isOperatorsFile(file) ? OPERATORS : this.#owners.get(file)
    return { file, key, text: '', faults: [fault], warnings: [], klientIds: [], secretsDigest: '', keys: '' }
  }
}

function isOperatorsFile(file: string): boolean {
  return /^operators\.ya?ml$/.test(file)
}
