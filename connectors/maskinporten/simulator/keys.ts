import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** An RSA key pair in PEM, and the id under which its public half is published. */
export interface SigningKeyPair {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
  readonly kid: string
}

/** The same, ready for use. */
export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly kid: string
}

/** Reads a given pair, or makes one (2048 bits, some 100 ms of CPU), at the first call; later calls are free. */
export function lazySigningKey(given: SigningKeyPair | undefined): () => SigningKey {
  let key: SigningKey | undefined
  return () => {
    key ??= given === undefined ? make() : read(given)
    return key
  }
}

function read({ privateKeyPem, publicKeyPem, kid }: SigningKeyPair): SigningKey {
  return { privateKey: createPrivateKey(privateKeyPem), publicKey: createPublicKey(publicKeyPem), kid }
}

function make(): SigningKey {
  return { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), kid: 'simulator' }
}
