export { type Listening, listenAlone, runAlone, systemRandom, systemTime } from './alone.ts'
export { installFaultDesk } from './control.ts'
export {
  type Effect,
  type EffectTerms,
  type ErrorAnswer,
  FaultDesk,
  type SeenReply,
  type SeenRequest,
} from './fault-desk.ts'
export {
  type Answer,
  type FaultName,
  type FaultOrder,
  type FaultUse,
  faultNames,
  type StandingOrder,
} from './faults.ts'
export { DocumentMeter, type DocumentSeen, MarkFinder } from './marks.ts'
export type { SimulatorRandom, SimulatorTime } from './time.ts'
