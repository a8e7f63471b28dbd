import { MASKINPORTEN_ERROR_CODES } from '@samband/maskinporten'
import { NOARK5_ERROR_CODES } from '@samband/noark5'
import { SVARUT_ERROR_CODES } from '@samband/svarut'
import { RUNTIME_ERROR_CODES } from './error-codes.ts'

/** Every code an operator may meet, with what it means, who is likely to mend it, and how. */
export const EVERY_ERROR_CODE = {
  ...RUNTIME_ERROR_CODES,
  ...MASKINPORTEN_ERROR_CODES,
  ...SVARUT_ERROR_CODES,
  ...NOARK5_ERROR_CODES,
}
