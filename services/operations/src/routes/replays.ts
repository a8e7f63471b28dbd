import { isoInstant } from '@samband/kernel'
import { isSamePerson, type Person, type ReplayJob, type ReplaySelection } from '@samband/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { narrowTo, notHere, type OperatorAccess, personOf } from '../access.ts'
import type { ReplayAnswer } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { orRefused, refusal } from '../problem.ts'
import { seesReplay } from '../reading/owners.ts'
import { checked, PlanBody, ReplayVerbBody } from '../requests.ts'
import { forecastWord, itemStateWord, jobStateWord, skipWord } from '../wording.ts'

const DEFAULT_FOUR_EYES_ABOVE = 500
const VERB_WORDS = { start: 'startes', pause: 'settes på pause', avbryt: 'avbrytes' } as const

/** Planning, showing, starting, pausing and cancelling replays. A plan freezes its set; nothing runs before it is started. */
export function replayRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { replays } = deps.runtime

  app.post('/omkjoringer', async (request, reply): Promise<ReplayAnswer> => {
    const operator = await deps.authorise(request, 'drift.replay')
    const by = { person: personOf(request), klientId: operator.klientId }
    const { utvalg, arsak } = checked(PlanBody, request.body, 'utvalg')
    const selection: ReplaySelection = {
      tenants: narrowTo(operator, utvalg.kommuner, 'utvalg.kommuner'),
      ...(utvalg.fingerprint === undefined ? {} : { fingerprint: utvalg.fingerprint }),
      ...(utvalg.radIder === undefined ? {} : { rowIds: utvalg.radIder }),
      ...(utvalg.forsendelseId === undefined ? {} : { acceptedId: utvalg.forsendelseId }),
    }
    const job = await replays.plan(selection, by, arsak)
    deps.log.info('replay planned', { jobId: job.jobId, klientId: by.klientId, count: job.items.length })
    const taken = new Set(job.items.map((item) => item.rowId))
    reply.code(201).header('location', `/api/v1/drift/omkjoringer/${job.jobId}`)
    return toAnswer(
      job,
      [...new Set(utvalg.radIder ?? [])].filter((rowId) => !taken.has(rowId)),
    )
  })

  app.get('/omkjoringer/:id', async (request): Promise<ReplayAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    return toAnswer(await visibleJob(operator, request), [])
  })

  const verb = (
    name: keyof typeof VERB_WORDS,
    act: (jobId: string, by: Person, reason: string) => Promise<ReplayJob>,
  ) =>
    app.post(`/omkjoringer/:id/${name}`, async (request): Promise<ReplayAnswer> => {
      const operator = await deps.authorise(request, 'drift.replay')
      const by = { person: personOf(request), klientId: operator.klientId }
      const { arsak } = checked(ReplayVerbBody, request.body ?? {}, 'arsak')
      const job = await visibleJob(operator, request)
      if (name === 'start') refuseLonely(job, by)
      const changed = await orRefused(
        act(job.jobId, by, arsak ?? job.reason),
        `Omkjøringen er ${jobStateWord(job.state)} og kan ikke ${VERB_WORDS[name]}. Hent den på nytt for å se hvor langt den er kommet.`,
        'id',
      )
      deps.log.info('replay changed', { jobId: job.jobId, klientId: by.klientId, verb: name })
      return toAnswer(changed, [])
    })
  verb('start', replays.run)
  verb('pause', replays.pause)
  verb('avbryt', replays.cancel)

  async function visibleJob(operator: OperatorAccess, request: FastifyRequest): Promise<ReplayJob> {
    const { id } = request.params as { readonly id: string }
    const isVisible = await deps.store.read('operations.sees-replay', (tx) => seesReplay(tx, operator, id))
    const job = isVisible ? await replays.show(id) : undefined
    if (job === undefined)
      throw notHere('Ingen omkjøring har denne id-en, eller den gjelder også andre kommuner enn dine.', 'id')
    return job
  }

  /** Four eyes above a set size: whoever planned it does not start it. */
  function refuseLonely(job: ReplayJob, by: Person): void {
    const most = deps.fourEyesAbove ?? DEFAULT_FOUR_EYES_ABOVE
    if (job.state !== 'planned' || job.items.length <= most || !isSamePerson(job.person, by.person)) return
    throw refusal(
      'DRIFT_TO_PERSONER',
      `Omkjøringen gjelder ${job.items.length} meldinger. Over ${most} må den startes av en annen person enn den som planla den.`,
      'Operator',
    )
  }
}

function toAnswer(job: ReplayJob, leftOut: readonly number[]): ReplayAnswer {
  const forecasts = (name: string) => job.items.filter((item) => item.forecast === name).length
  const states = (name: string) => job.items.filter((item) => item.state === name).length
  return {
    omkjoringId: job.jobId,
    tilstand: jobStateWord(job.state),
    setning: sentenceOf(job),
    planlagtAv: job.person,
    arsak: job.reason,
    opprettet: isoInstant(job.createdAt),
    prognose: {
      sum: job.items.length,
      kjoresPaNytt: forecasts('run again'),
      fortsetter: forecasts('resume after what is done'),
      sporForst: forecasts('ask first'),
      kanIkke: forecasts('cannot'),
    },
    resultat: {
      frosset: states('frozen'),
      sluppet: states('released'),
      ferdig: states('done'),
      parkertIgjen: states('parked again'),
      hoppetOver: states('skipped'),
      forkastet: states('discarded'),
      avbrutt: states('cancelled'),
    },
    rader: job.items.map((item) => ({
      radId: item.rowId,
      prognose: forecastWord(item.forecast),
      tilstand: itemStateWord(item.state),
      hvorfor: item.why === null ? null : skipWord(item.why),
    })),
    utelatt: [...leftOut],
  }
}

function sentenceOf(job: ReplayJob): string {
  const { length } = job.items
  if (length === 0) return 'Ingenting i utvalget står parkert nå, så det er ingenting å kjøre om igjen.'
  switch (job.state) {
    case 'planned':
      return `${length} ${length === 1 ? 'melding er' : 'meldinger er'} valgt ut. Ingenting er kjørt; se på prognosen og start omkjøringen.`
    case 'running':
      return 'Omkjøringen går: først noen få, så resten hvis de går bra.'
    case 'paused':
      return 'Omkjøringen er satt på pause. Det som er sluppet, går videre; resten venter.'
    case 'braked':
      return 'Omkjøringen bremset av seg selv, fordi de fleste feilet igjen. Finn årsaken før den startes på nytt.'
    case 'finished':
      return 'Omkjøringen er ferdig.'
    case 'cancelled':
      return 'Omkjøringen er avbrutt. Det som allerede var sluppet, går videre.'
  }
}
