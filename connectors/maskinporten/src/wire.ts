import { z } from 'zod'

/** RFC 6749 §5.1, as Maskinporten answers. The token is opaque, but must fit into a header. */
export const TokenResponse = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  /** Seconds. */
  expires_in: z.number().positive(),
})
export type TokenResponse = z.infer<typeof TokenResponse>

/** RFC 6749 §5.2; `error_description` often holds an MP code and a trace id. */
export const TokenError = z.object({
  error: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
})
export type TokenError = z.infer<typeof TokenError>
