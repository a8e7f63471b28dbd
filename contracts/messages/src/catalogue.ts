import type { EventDefinition } from './define-event.ts'
import { ForsendelseAvvistV1 } from './forsendelse/avvist.v1.ts'
import { ForsendelseMottattV1 } from './forsendelse/mottatt.v1.ts'
import { ForsendelseSendtV1 } from './forsendelse/sendt.v1.ts'
import { ForsendelseStatusEndretV1 } from './forsendelse/status-endret.v1.ts'
import { JournalpostEkspedertV1 } from './journalpost/ekspedert.v1.ts'
import { JournalpostReservertV1 } from './journalpost/reservert.v1.ts'

/** Every event type of the hub, all versions that are still read. What the generator and the compatibility gate work on. */
export const EVENTS: readonly EventDefinition<unknown>[] = [
  ForsendelseMottattV1,
  ForsendelseSendtV1,
  ForsendelseStatusEndretV1,
  ForsendelseAvvistV1,
  JournalpostReservertV1,
  JournalpostEkspedertV1,
]

/** The topics of the hub, each once, in alphabetical order. */
export const TOPICS: readonly string[] = [...new Set(EVENTS.map((definition) => definition.topic))].sort()
