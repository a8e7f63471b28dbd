import { createNoark5Effects } from '@samband/noark5'
import { noarkInnholdOf } from '@samband/outbound'
import type { Service, ServicePorts } from '@samband/process'
import type { Handler } from '@samband/runtime'
import { createEkspederHandler } from './handlers/ekspeder-journalpost.ts'
import { createReserverHandler } from './handlers/reserver-journalpost.ts'

/** Files letters in the tenants' Noark 5 cores, and closes the journalpost when a letter has been sent. */
export function createJournalArchiver({ http, payloads, time, destinations }: ServicePorts): Service {
  const effects = createNoark5Effects({
    http,
    payloads,
    time,
    access: destinations.noark5Access,
    innholdOf: noarkInnholdOf,
  })
  return { handlers: [createReserverHandler(effects), createEkspederHandler(effects)] as readonly Handler[] }
}
