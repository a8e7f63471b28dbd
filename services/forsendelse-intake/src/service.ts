import type { Service, ServicePorts } from '@samband/process'
import { createIntakeHandlers } from './journey/handlers.ts'
import { registerIntake } from './register-intake.ts'

/** Takes letters from case-archive systems, and keeps the record of what becomes of them. */
export function createForsendelseIntake(ports: ServicePorts): Service {
  return {
    handlers: createIntakeHandlers(),
    routes: (app, runtime) => registerIntake(app, { ...ports, runtime }),
  }
}
