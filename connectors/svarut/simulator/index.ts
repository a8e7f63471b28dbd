export type { AcceptToken, Integrasjon } from './access.ts'
export type { JourneyOrder, JourneyStep, ReceivedLetter } from './letters.ts'
export type { RepeatGuardOptions } from './repeat-guard.ts'
export { createSvarUtSimulator, type SvarUtSimulator, type SvarUtSimulatorOptions } from './simulator.ts'
