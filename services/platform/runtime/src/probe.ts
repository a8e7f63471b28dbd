import {
  asHubError,
  type BoundDestination,
  type Effect,
  type EffectKey,
  HubError,
  type Json,
  type Logger,
  type ProbeAnswer,
  type Store,
} from '@samband/kernel'
import { accountOf } from './attempts.ts'
import { stableEffectName } from './effect-key.ts'

/** What a look-up needs besides the effect. */
export interface ProbeSurroundings {
  readonly store: Store
  readonly destination: BoundDestination
  readonly log: Logger
  readonly signal: AbortSignal
  /** Wall milliseconds. */
  now(): number
}

/**
 * Asks the destination, and believes "not there" only if the same look-up still finds what is known to be there: the last evidenced
 * one of the same account and user, if possible one older than the lag of the look-up (R13). Where none is known yet, the control does not
 * apply and the log says so.
 */
export async function probeWithControl<Input extends Json, Prepared, Found extends Json>(
  around: ProbeSurroundings,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
): Promise<ProbeAnswer<Found>> {
  const answer = await ask(around, effect, key, input)
  if (answer.kind !== 'not-there' || effect.guarantee !== 'probe' || effect.searches === false) return answer
  const control = await around.store.read('runtime.control', (tx) =>
    tx.one<{ effect_key: string; input: string }>(
      'SELECT effect_key, input FROM effect WHERE account = ? AND name = ? AND evidence IS NOT NULL AND effect_key <> ? ORDER BY CASE WHEN evidenced_at <= ? THEN 0 ELSE 1 END, evidenced_at DESC LIMIT 1',
      accountOf(around.destination),
      stableEffectName(effect),
      key,
      around.now() - around.destination.timing.lookUpLagMs,
    ),
  )
  if (control === undefined) {
    around.log.info('look-up without a control: nothing of this account is known to be there yet', {
      effect: effect.name,
    })
    return answer
  }
  const known = await ask(around, effect, control.effect_key as EffectKey, JSON.parse(control.input) as Input)
  if (known.kind === 'there') return answer
  return {
    kind: 'cannot-tell',
    why: new HubError(
      'EFFECT_OPPSLAG_UPALITELIG',
      'unknown-outcome',
      `The look-up does not find a ${effect.name} that is known to be there: it cannot tell about this one.`,
    ),
  }
}

/** A look-up that fails, whatever the error, could not tell. */
async function ask<Input extends Json, Prepared, Found extends Json>(
  around: ProbeSurroundings,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
): Promise<ProbeAnswer<Found>> {
  if (effect.probe === undefined) {
    return {
      kind: 'cannot-tell',
      why: new HubError('EFFECT_UTFALL_UKJENT', 'unknown-outcome', `${effect.name} has no look-up.`),
    }
  }
  try {
    return await effect.probe(key, input, around.destination, around.signal)
  } catch (error) {
    const why =
      asHubError(error) ??
      new HubError('EFFECT_OPPSLAG_FEILET', 'unknown-outcome', `The look-up of ${effect.name} failed.`, {
        cause: error,
      })
    return { kind: 'cannot-tell', why }
  }
}
