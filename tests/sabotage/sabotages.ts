/** One change of the sources that takes a rule out. */
export interface Edit {
  readonly file: string
  /** Must stand in the file exactly once. */
  readonly from: string
  readonly to: string
}

/** A rule taken out, and what the histories must find then. */
export interface Sabotage {
  readonly rule: string
  readonly name: string
  readonly edits: readonly Edit[]
  /** Kinds of findings of which at least one must appear. */
  readonly finding: readonly ('lost' | 'twice' | 'outOfOrder' | 'stuck')[]
}

const runtime = (file: string) => `services/platform/runtime/src/${file}`
const store = (file: string) => `services/platform/store/src/sqlite/${file}`

/** Lets a group wait a moment before it is committed, as a disk does. */
const LATE_COMMIT: Edit = {
  file: store('group-commit.ts'),
  from: '      if (!connection.commit()) {',
  to: '      for (let moments = 0; moments < 8; moments++) await turns.busy()\n      if (!connection.commit()) {',
}

const ANSWER_EARLY = (place: string): Edit => ({
  file: store('group-commit.ts'),
  from: '      ended.push({ job, answer: () => job.resolve(value), worked: true })',
  to: `      if (job.place === '${place}') job.resolve(value)\n      ended.push({ job, answer: () => job.resolve(value), worked: true })`,
})

/** The table of protocol §5, as far as one process and its flow have it. Rules that guard each other are taken out together. */
export const SABOTAGES: readonly Sabotage[] = [
  { rule: 'R1', name: 'act before fsync', finding: ['twice'], edits: [LATE_COMMIT, ANSWER_EARLY('runtime.intent')] },
  { rule: 'R1', name: 'answer before fsync', finding: ['lost'], edits: [LATE_COMMIT, ANSWER_EARLY('runtime.accept')] },
  {
    rule: 'R2',
    name: 'event told before the ledger is committed',
    finding: ['lost', 'stuck'],
    edits: [
      {
        file: runtime('acceptance.ts'),
        from: "  return store.transaction('runtime.accept', async (tx) => {",
        to: `  await store.transaction('runtime.accept-event', (tx) =>
    writeEvent(tx, {
      id: causeId('accepted-event', acceptance.acceptedId),
      definition: acceptance.definition,
      data: acceptance.data,
      source: acceptance.source,
      subject: acceptance.acceptedId,
      tenant: acceptance.tenant,
      correlationId: acceptance.acceptedId,
      causationId: undefined,
      traceparent: acceptance.traceparent,
      time: acceptance.now,
    }),
  )
  return store.transaction('runtime.accept', async (tx) => {`,
      },
    ],
  },
  {
    rule: 'R2',
    name: 'marked as published before the log has acknowledged',
    finding: ['lost', 'stuck'],
    edits: [
      { file: runtime('relay.ts'), from: '      await bus.append(records)\n', to: '' },
      {
        file: runtime('relay.ts'),
        from: "    pace.published(keys)\n    return 'published'",
        to: "    await bus.append(records)\n    pace.published(keys)\n    return 'published'",
      },
    ],
  },
  {
    rule: 'R4, R9',
    name: 'new event id per publish, and effect keys from event ids',
    finding: ['twice'],
    edits: [
      {
        file: runtime('relay.ts'),
        from: 'headers: JSON.parse(row.headers),',
        to: "headers: { ...JSON.parse(row.headers), ce_id: causeId('again', String(row.place), String(time.stopwatch.read())) },",
      },
      {
        file: runtime('relay.ts'),
        from: 'import { asHubError, type BusRecord,',
        to: 'import { asHubError, causeId, type BusRecord,',
      },
      {
        file: runtime('effects.ts'),
        from: '    const key = effectKey(run.row.tenant, run.handlerName, effect, input)',
        to: '    const key = effectKey(run.row.event_id, run.handlerName, effect, input)',
      },
    ],
  },
  {
    rule: 'R5',
    name: 'offset committed before the rows',
    finding: ['lost', 'stuck'],
    edits: [
      {
        file: runtime('ingest.ts'),
        from: "  return store.transaction('runtime.ingest', async (tx) => {\n    await tx.lock(...arrivals.flatMap(({ rows }) => rows.map(laneLock)))\n    await advance(tx, group, batch)",
        to: "  await store.transaction('runtime.offset', (tx) => advance(tx, group, batch))\n  return store.transaction('runtime.ingest', async (tx) => {\n    await tx.lock(...arrivals.flatMap(({ rows }) => rows.map(laneLock)))",
      },
    ],
  },
  {
    rule: 'R6',
    name: 'done rows and their evidence are forgotten, then a late duplicate',
    finding: ['twice', 'stuck'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: '  await settleHead(tx, row.handler, row.lane)\n}\n\n/** A handler wanted',
        to: "  await settleHead(tx, row.handler, row.lane)\n  await tx.run('DELETE FROM effect WHERE effect_key IN (SELECT effect_key FROM attempt WHERE row_id = ?)', row.row_id)\n  await tx.run('DELETE FROM attempt WHERE row_id = ?', row.row_id)\n  await tx.run('DELETE FROM inbox WHERE row_id = ?', row.row_id)\n}\n\n/** A handler wanted",
      },
    ],
  },
  {
    rule: 'R7',
    name: 'leases per row, without the order of the lane',
    finding: ['outOfOrder', 'twice'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: "tenant = ? AND head = 1 AND state = 'waiting' ORDER BY",
        to: "tenant = ? AND state = 'waiting' ORDER BY",
      },
      {
        file: runtime('rows.ts'),
        from: "WHERE row_id = ? AND state = 'waiting' AND head = 1 RETURNING",
        to: "WHERE row_id = ? AND state = 'waiting' RETURNING",
      },
    ],
  },
  {
    rule: 'R7',
    name: 'a parked row lets the next one go',
    finding: ['outOfOrder', 'stuck'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: "const OPEN_STATES = \"('waiting', 'running', 'parked', 'discarding')\"",
        to: "const OPEN_STATES = \"('waiting', 'running', 'discarding')\"",
      },
      {
        file: runtime('rows.ts'),
        from: 'park_number = park_number + 1, lease_holder = NULL WHERE row_id = ?",\n    row.row_id,\n  )',
        to: 'park_number = park_number + 1, lease_holder = NULL, head = 0 WHERE row_id = ?",\n    row.row_id,\n  )\n  await settleHead(tx, row.handler, row.lane)',
      },
      {
        file: runtime('rows.ts'),
        from: "UPDATE inbox SET state = 'waiting', due_at = ?, lease_token = lease_token + 1, failing_since = NULL, defects = 0",
        to: "UPDATE inbox SET state = 'waiting', head = 1, due_at = ?, lease_token = lease_token + 1, failing_since = NULL, defects = 0",
      },
    ],
  },
  {
    rule: 'R8',
    name: 'leases never lapse',
    finding: ['stuck'],
    edits: [
      {
        file: runtime('worker.ts'),
        from: 'nowMs - seen.sinceMs >= limits.leaseMs',
        to: 'nowMs - seen.sinceMs >= limits.leaseMs * 1e6',
      },
    ],
  },
  {
    rule: 'R9',
    name: 'a key per attempt',
    finding: ['twice'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '    const key = effectKey(run.row.tenant, run.handlerName, effect, input)',
        to: '    const key = effectKey(`${run.row.tenant} ${run.lease.token}`, run.handlerName, effect, input)',
      },
    ],
  },
  {
    rule: 'R9',
    name: "the client's own reference as key, with an older letter of another system",
    finding: ['lost'],
    edits: [
      {
        file: 'connectors/svarut/src/effect.ts',
        from: "svarUtReferanse } from './reference.ts'",
        to: "svarUtReferanse as keyedReferanse } from './reference.ts'\n\nconst svarUtReferanse = (eksternReferanse: string, key: string): string => (keyedReferanse(eksternReferanse, key as never), eksternReferanse)",
      },
    ],
  },
  {
    rule: 'R10',
    name: 'no intent is written',
    finding: ['twice', 'lost', 'outOfOrder'],
    edits: [
      {
        file: runtime('attempts.ts'),
        from: "started_at, state) VALUES (?, ?, ?, ?, ?, 'open')\",\n    intent.key,",
        to: "started_at, state) SELECT ?, ?, ?, ?, ?, 'open' WHERE 1 = 0\",\n    intent.key,",
      },
    ],
  },
  {
    rule: 'R10',
    name: 'the intent is written without the newest token',
    finding: ['twice', 'lost', 'outOfOrder'],
    edits: [{ file: runtime('attempts.ts'), from: '  await leasedRow(tx, intent.lease)\n', to: '' }],
  },
  {
    rule: 'R11',
    name: 'no deadline between intent and first byte',
    finding: ['twice', 'lost'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '  if (lateMs <= run.destination.timing.startWithinMs && !run.leaseLost() && !run.signal.aborted) return',
        to: '  if (lateMs >= 0) return',
      },
    ],
  },
  {
    rule: 'R11',
    name: "an owner closes another's attempt",
    finding: ['twice', 'lost'],
    edits: [
      {
        file: runtime('attempts.ts'),
        from: "WHERE effect_key = ? AND number = ? AND state = 'open'\",\n    code,\n    now,\n    key,\n    number,",
        to: "WHERE effect_key = ? AND number >= ? AND state = 'open'\",\n    code,\n    now,\n    key,\n    number,",
      },
    ],
  },
  {
    rule: 'R12',
    name: 'acting again without asking first',
    finding: ['twice'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: "  if (effect.guarantee === 'receiver-dedupes') return undefined",
        to: "  if (effect.guarantee !== 'once-or-ask') return undefined",
      },
      {
        file: runtime('effects.ts'),
        from: "      mayRepeat: effect.guarantee === 'unique' || effect.guarantee === 'receiver-dedupes',",
        to: '      mayRepeat: true,',
      },
    ],
  },
  {
    rule: 'R12',
    name: 'a time-out taken for a failure',
    finding: ['twice'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '    if (error instanceof NothingHappened) {',
        to: '    if (error instanceof NothingHappened || asHubError(error) !== undefined) {',
      },
      {
        file: runtime('effects.ts'),
        from: 'closeOwnAttempt(tx, key, number, error.code, clock.now())',
        to: "closeOwnAttempt(tx, key, number, 'x', clock.now())",
      },
    ],
  },
  {
    rule: 'R12',
    name: 'the HTTP client repeats what got no answer',
    finding: ['twice'],
    edits: [
      {
        file: 'connectors/svarut/src/effect.ts',
        from: '      const svarUtId = await sendForsendelse(prepared.transport, {',
        to: '      const again = (content: Parameters<typeof sendForsendelse>[1]) => sendForsendelse(prepared.transport, content).catch(() => sendForsendelse(prepared.transport, content))\n      const svarUtId = await again({',
      },
    ],
  },
  {
    rule: 'R13',
    name: 'an error of the look-up read as "not there"',
    finding: ['twice'],
    edits: [
      {
        file: 'connectors/svarut/src/effect.ts',
        from: "        return { kind: 'cannot-tell', why: asWhy(error) }",
        to: "        return asWhy(error) === undefined ? { kind: 'cannot-tell', why: asWhy(error) } : { kind: 'not-there' }",
      },
      {
        file: runtime('probe.ts'),
        from: "  if (answer.kind !== 'not-there' ||",
        to: "  if (answer.kind !== 'cannot-tell' ||",
      },
    ],
  },
  {
    rule: 'R14',
    name: 'not-there believed at once',
    finding: ['twice'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: 'const waitMs = run.questions.remainingMs(key, newest, timing)',
        to: 'const waitMs = run.questions.remainingMs(key, newest, timing) * 0',
      },
    ],
  },
  {
    rule: 'R14',
    name: 'the wait counts from the first attempt',
    finding: ['twice'],
    edits: [
      { file: runtime('questions.ts'), from: '|| attempt > known.attempt)', to: ')' },
      { file: runtime('effects.ts'), from: '  run.questions.forget(key)\n', to: '' },
    ],
  },
  {
    rule: 'R14',
    name: 'the lag of the look-up forgotten',
    finding: ['twice'],
    edits: [
      {
        file: runtime('questions.ts'),
        from: 'timing.startWithinMs + timing.inFlightMs + timing.lookUpLagMs',
        to: 'timing.startWithinMs + timing.inFlightMs',
      },
    ],
  },
  {
    rule: 'R15',
    name: 'the wait by wall clock, which jumps',
    finding: ['twice'],
    edits: [
      {
        file: runtime('runtime.ts'),
        from: 'new OpenQuestions(() => time.stopwatch.read())',
        to: 'new OpenQuestions(() => time.clock.now())',
      },
    ],
  },
  {
    rule: 'R7, R10',
    name: 'state changes without the token',
    finding: ['twice', 'lost', 'outOfOrder', 'stuck'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: "  if (row === undefined || row.state !== 'running' || row.lease_token !== lease.token)\n",
        to: '  if (row === undefined)\n',
      },
    ],
  },
  {
    rule: 'R16',
    name: 'evidence written before the act',
    finding: ['lost'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '    const evidence = await effect.act(',
        to: "    await keepEvidence(run, effect, key, input, digest, { svarUtId: key, systemId: key, self: 'http://noark5/api/', sendtTidspunkt: '2026-03-02T08:00:00.000Z' } as never, 'hope')\n    const evidence = await effect.act(",
      },
    ],
  },
  {
    rule: 'R17',
    name: 'a handler swallows the error, and done is not refused',
    finding: ['lost'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: '  if (open !== undefined) throw new OpenAttempt(row.row_id)\n',
        to: '  if (open !== undefined && row.row_id < 0) throw new OpenAttempt(row.row_id)\n',
      },
      {
        file: 'services/forsendelse-dispatcher/src/handlers/send-forsendelse.ts',
        from: '  const { svarUtId, sendtTidspunkt } = await context.effect(sendTilSvarUt, {',
        to: "  const { svarUtId, sendtTidspunkt } = await ((input: SendInput) => context.effect(sendTilSvarUt, input).catch(() => ({ svarUtId: letter.forsendelseId, sendtTidspunkt: '2026-03-02T08:00:00.000Z' })))({",
      },
    ],
  },
  {
    rule: 'R19',
    name: 'a moved tenant is asked at its new place',
    finding: ['twice', 'lost'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: ': { ...run, destination: JSON.parse(known.destination) as BoundDestination }',
        to: ': run',
      },
      {
        file: runtime('handler-run.ts'),
        from: '    boundDestination(row) ?? (await',
        to: '    (boundDestination(row) && undefined) ?? (await',
      },
    ],
  },
  {
    rule: 'R20',
    name: 'a text from the clock in what tells letters apart',
    finding: ['twice'],
    edits: [
      {
        file: 'connectors/svarut/src/effect.ts',
        from: 'discriminator: ({ avtrykk }) => avtrykk,',
        to: 'discriminator: ({ avtrykk }) => `${avtrykk} ${deps.http.time.clock.now()}`,',
      },
    ],
  },
  {
    rule: 'R21',
    name: 'the effect has another name after a restart',
    finding: ['twice'],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '    const key = effectKey(run.row.tenant, run.handlerName, effect, input)',
        to: '    const key = effectKey(run.row.tenant, `${run.handlerName} ${run.holder}`, effect, input)',
      },
    ],
  },
  {
    rule: 'R21',
    name: 'one name for all in a loop, and nobody notices',
    finding: ['lost'],
    edits: [
      {
        file: 'connectors/noark5/src/effects/dokument.ts',
        from: '  return `${sha256}#${likNr}`',
        to: '  return `${sha256}#${likNr}`.slice(0, 0)',
      },
      {
        file: runtime('effects.ts'),
        from: '    if (usedKeys.has(key))\n',
        to: '    if (usedKeys.has(key) && key.length === 0)\n',
      },
      {
        file: runtime('effects.ts'),
        from: '  if (known !== undefined && known.digest !== digest) {',
        to: '  if (known !== undefined && known.digest !== digest && digest.length === 0) {',
      },
    ],
  },
  {
    rule: 'R22',
    name: 'discarded at once while a request is on its way',
    finding: ['lost'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: "const state = open === undefined ? 'discarded' : 'discarding'",
        to: "const state = open === undefined ? 'discarded' : ('discarded' as 'discarded' | 'discarding')",
      },
    ],
  },
  {
    rule: 'R23',
    name: 'an undone discard keeps its place after the next one has gone',
    finding: ['outOfOrder'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: '    if (begun !== undefined) {',
        to: '    if (begun !== undefined && row.row_id < 0) {',
      },
    ],
  },
  {
    rule: 'R24',
    name: 'a replay forgets what was done',
    finding: ['twice'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: 'export async function unparkRow(tx: Tx, rowId: number, parkNumber: number, now: number): Promise<boolean> {\n',
        to: "export async function unparkRow(tx: Tx, rowId: number, parkNumber: number, now: number): Promise<boolean> {\n  await tx.run('DELETE FROM effect WHERE effect_key IN (SELECT effect_key FROM attempt WHERE row_id = ?)', rowId)\n  await tx.run('DELETE FROM attempt WHERE row_id = ?', rowId)\n",
      },
    ],
  },
  {
    rule: 'R24',
    name: 'a replay takes rows in any state',
    finding: ['lost', 'twice', 'outOfOrder'],
    edits: [
      {
        file: runtime('rows.ts'),
        from: "WHERE row_id = ? AND state = 'parked' AND park_number = ?`",
        to: 'WHERE row_id = ? AND park_number = ?`',
      },
    ],
  },
  {
    rule: 'R27',
    name: 'a restored store is trusted',
    finding: ['twice'],
    edits: [
      {
        file: store('installation.ts'),
        from: "  writeMeta(database, 'distrust_since', String(now))\n}",
        to: "  writeMeta(database, 'restored_at', String(now))\n}",
      },
    ],
  },
  {
    rule: 'R27',
    name: 'what a restored store shows as discarded is believed',
    finding: ['lost'],
    edits: [
      {
        file: runtime('prepare-store.ts'),
        from: 'await questionDiscards(tx, distrust?.value)',
        to: 'await questionDiscards(tx, undefined)',
      },
    ],
  },
]
