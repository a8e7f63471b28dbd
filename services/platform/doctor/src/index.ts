export type { DoctorTerminal } from './run-doctor.ts'
export { runDoctor } from './run-doctor.ts'
export type { DoctorWorld } from './world.ts'
