import { createHash, timingSafeEqual } from 'node:crypto'

/** How a tenant file names a secret: the environment variable, or the file with an absolute path, that holds it. */
export const SECRET_REF = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/

/** Where secrets are fetched. */
export interface SecretResolver {
  /**
   * The secret behind `env:NAME` or `file:/path`; `undefined` when there is none. Rejects when it cannot be told.
   * Asked anew at every reread, so that a rotated secret is taken up.
   */
  resolve(ref: string): Promise<string | undefined>
}

/** Beside the objects, so that nothing that walks their properties meets a value. */
const values = new WeakMap<Secret, string>()

/** A secret that shows its reference, never its value, to whatever prints, logs or serialises it. */
export class Secret {
  /** `env:NAME` or `file:/path`. */
  readonly ref: string

  constructor(ref: string, value?: string) {
    this.ref = ref
    if (value !== undefined) values.set(this, value)
  }

  /** The value. Hand it to whoever needs it and keep it nowhere. Throws for a secret of a file that is not in force. */
  text(): string {
    const value = values.get(this)
    if (value === undefined) throw new Error(`Secret ${this.ref} has not been fetched`)
    return value
  }

  /** The value as bytes, for keys, which are written in base64. Throws as `text`. */
  bytes(): Uint8Array {
    return Buffer.from(this.text(), 'base64')
  }

  /** Whether `candidate` is the secret; takes the same time wherever they differ. Throws as `text`. */
  equals(candidate: string): boolean {
    return timingSafeEqual(digest(candidate), digest(this.text()))
  }

  toString(): string {
    return `[secret ${this.ref}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** Gives a secret of a parsed file its value. */
export function fillSecret(secret: Secret, value: string): void {
  values.set(secret, value)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
