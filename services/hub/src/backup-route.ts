import { answerProblems, notAllowed, type OperatorCaller, Problem } from '@samband/access'
import { asHubError, type IdSource, isoInstant, type Logger, type Store, type Time } from '@samband/kernel'
import { personOf } from '@samband/operations'
import { writeAudit } from '@samband/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BACKUP_NAME, type BackupFolder } from './backup-folder.ts'

/** What the route stands on. */
export interface BackupRouteDependencies {
  /** Left out: no folder is configured, and every request is refused. */
  readonly folder: BackupFolder | undefined
  readonly store: Store
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  /** Throws a Problem for whoever is not an operator with this scope. */
  authorise(request: FastifyRequest, scope: 'drift.kopi'): OperatorCaller
}

/** What POST /api/v1/drift/sikkerhetskopi answers. */
export interface BackupAnswer {
  readonly fil: string
  /** Where it lies on the hub's machine. */
  readonly sti: string
  readonly storrelseBytes: number
  readonly tidspunkt: string
  readonly setning: string
}

/** What the audit says was asked for, and what came of it. */
type AuditedVerb = 'backup-asked' | 'backup' | 'backup-refused' | 'backup-failed'

const Body = z.strictObject({ fil: z.string().regex(BACKUP_NAME) })
const INVALID = 'DRIFT_UGYLDIG_FORESPORSEL'
const MOST_BODY_BYTES = 1_024
const OTHER_THAN_POST = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Adds POST `/api/v1/drift/sikkerhetskopi` `{ fil }`: a copy of the running store into the configured folder, and nowhere else. The copy holds all
 * municipalities, so the operator must be allowed all of them. Audited under the person of the header `Operator`: before it is begun that it was
 * asked for, afterwards what came of it.
 */
export function registerBackup(app: FastifyInstance, deps: BackupRouteDependencies): void {
  app.register(
    async (scope) => {
      answerProblems(scope, { ids: deps.ids, log: deps.log, unreadableCode: INVALID })
      scope.post('/', { bodyLimit: MOST_BODY_BYTES }, async (request, reply) => {
        const operator = deps.authorise(request, 'drift.kopi')
        if (operator.tenants !== 'alle') throw notAll()
        const { fil } = checked(request.body)
        const person = whoActs(request)
        if (deps.folder === undefined) throw noFolder()
        const audit = (verb: AuditedVerb, reason: string) =>
          deps.store.transaction('hub.backup-audit', (tx) =>
            writeAudit(tx, {
              person,
              klientId: operator.klientId,
              verb,
              reason,
              at: deps.time.clock.now(),
              details: { fil },
            }),
          )
        await audit('backup-asked', 'Sikkerhetskopi av lageret')
        const at = deps.time.clock.now()
        const written = await deps.folder.write(fil).catch(async (error: unknown) => {
          await audit('backup-failed', 'Kopien kunne ikke skrives')
          throw error
        })
        if (written === 'exists' || written === 'busy') {
          await audit('backup-refused', written === 'exists' ? 'Navnet er brukt' : 'En annen kopi skrives')
          throw written === 'exists' ? taken() : busy()
        }
        await audit('backup', 'Sikkerhetskopi av lageret')
        deps.log.info('backup written', { klientId: operator.klientId, bytes: written.sizeBytes })
        const answer: BackupAnswer = {
          fil,
          sti: written.path,
          storrelseBytes: written.sizeBytes,
          tidspunkt: isoInstant(at),
          setning:
            'Lageret er kopiert. Kopier nå mappen payloads i datamappen også: brevene ligger der, og lageret viser bare til dem.',
        }
        return reply.code(201).header('cache-control', 'no-store').send(answer)
      })
      scope.route({ method: OTHER_THAN_POST, url: '/', onRequest: notAllowed('POST'), handler: async () => undefined })
    },
    { prefix: '/api/v1/drift/sikkerhetskopi' },
  )
}

function checked(body: unknown): z.infer<typeof Body> {
  const parsed = Body.safeParse(body)
  if (parsed.success) return parsed.data
  throw invalid(
    'fil',
    'Forventet {"fil": navn}: bokstaver a-z, siffer, punktum, bindestrek og understrek, uten mappe, og endelsen .db.',
  )
}

/** The person who acts, as the other verbs of the operations API take it. */
function whoActs(request: FastifyRequest): string {
  try {
    return personOf(request)
  } catch (error) {
    throw invalid('Operator', asHubError(error)?.message ?? 'Hodefeltet Operator skal navngi personen som handler.')
  }
}

function invalid(path: string, detail: string): Problem {
  const code = INVALID
  return new Problem({
    status: 400,
    code,
    title: 'Forespørselen er ikke gyldig',
    detail,
    errors: [{ path, code, detail }],
  })
}

function notAll(): Problem {
  const detail = 'En sikkerhetskopi har alle kommuners data. Operatøren må ha tilgang til alle kommuner.'
  return new Problem({ status: 403, code: 'MANGLER_TILGANG', title: 'Ikke tilgang', detail })
}

function noFolder(): Problem {
  const detail =
    'Navet er startet uten SAMBAND_BACKUPS. Sett den til en mappe for sikkerhetskopier, og start navet på nytt.'
  return new Problem({ status: 409, code: 'KOPI_IKKE_SATT_OPP', title: 'Ingen mappe for sikkerhetskopier', detail })
}

function taken(): Problem {
  const detail = 'Det finnes en fil med dette navnet i mappen. Velg et annet, for eksempel med dato og klokkeslett.'
  return new Problem({ status: 409, code: 'KOPI_FINNES', title: 'Navnet er brukt', detail })
}

function busy(): Problem {
  const detail = 'En annen sikkerhetskopi skrives akkurat nå. Prøv igjen når den er ferdig.'
  return new Problem({ status: 409, code: 'KOPI_PAGAR', title: 'En kopi pågår', detail })
}
