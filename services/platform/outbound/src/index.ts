export type { Destinations } from './destinations.ts'
export { createDestinations } from './destinations.ts'
export type { StoredInnhold } from './innhold.ts'
export { noarkInnholdOf, svarUtInnholdOf } from './innhold.ts'
