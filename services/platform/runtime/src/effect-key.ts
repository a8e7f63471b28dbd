import { causeId, type EffectKey, type Json } from '@samband/kernel'
import type { AnyEffect } from './define-handler.ts'

/**
 * The business identity of what an effect makes (R9): the same on every attempt, restart, restore and replay, and never the sender's
 * own reference alone.
 */
export function effectKey(tenant: string, handler: string, effect: AnyEffect, input: Json): EffectKey {
  const key = causeId(
    'effect',
    tenant,
    handler,
    stableEffectName(effect),
    effect.subject(input),
    effect.discriminator(input),
  )
  return key as EffectKey
}

/** The name that the key rests on: the oldest one the effect has had (R21). */
export function stableEffectName(effect: Pick<AnyEffect, 'name' | 'aliases'>): string {
  return effect.aliases?.[0] ?? effect.name
}
