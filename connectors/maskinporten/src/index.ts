export type { MaskinportenConfig, MaskinportenKey } from './config.ts'
export { MASKINPORTEN_ERROR_CODES } from './errors.ts'
export type { MaskinportenDependencies } from './token-source.ts'
export { createMaskinportenTokenSource, createMaskinportenTokenSources } from './token-source.ts'
