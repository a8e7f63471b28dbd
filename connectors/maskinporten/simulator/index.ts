export type { MaskinportenClient } from './grant.ts'
export type { SigningKeyPair } from './keys.ts'
export {
  createMaskinportenSimulator,
  type MaskinportenSimulator,
  type MaskinportenSimulatorOptions,
} from './simulator.ts'
export type { IssuedToken, TokenHolder } from './tokens.ts'
