import type { Json } from '@samband/kernel'
import type { z } from 'zod'
import { pathText } from './json.ts'

/** Makes an effect's `evidenceFault` out of the schema of its evidence. */
export function evidenceFault(schema: z.ZodType): (given: Json) => string | undefined {
  return (given) => {
    const [fault] = schema.safeParse(given).error?.issues ?? []
    if (fault === undefined) return undefined
    const [unknown] = fault.code === 'unrecognized_keys' ? fault.keys : []
    return pathText(unknown === undefined ? fault.path : [...fault.path, unknown])
  }
}
