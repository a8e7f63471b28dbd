/** Why it could not listen, by the names of the variables. */
export function whyNotListening(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return 'the port of SAMBAND_PORT is taken by another process. Stop that one, or set SAMBAND_PORT to another port.'
  if (code === 'EACCES') return 'the port of SAMBAND_PORT may not be used by this user. Set it to one from 1024 on.'
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'SAMBAND_HOST is no address of this machine. Set it to one that is, such as 127.0.0.1 or 0.0.0.0.'
  return `it cannot listen on SAMBAND_HOST and SAMBAND_PORT (${String(code ?? error)}).`
}
