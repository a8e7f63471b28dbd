import { MASKINPORTEN_ERROR_CODES } from '@samband/maskinporten'
import { NOARK5_ERROR_CODES } from '@samband/noark5'
import { RUNTIME_ERROR_CODES } from '@samband/operations'
import { SVARUT_ERROR_CODES } from '@samband/svarut'

/** Every code an operator may meet, with what it means, who is likely to mend it, and how. */
export const ERROR_CODES = {
  ...RUNTIME_ERROR_CODES,
  ...MASKINPORTEN_ERROR_CODES,
  ...SVARUT_ERROR_CODES,
  ...NOARK5_ERROR_CODES,
}
