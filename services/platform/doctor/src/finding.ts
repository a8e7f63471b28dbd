/** How a check went. */
export type Grade = 'ok' | 'warning' | 'fault'

/** What one check found. Holds names of variables, files, hosts and kommuner, never a secret or a person. */
export interface Finding {
  readonly grade: Grade
  /** What was looked at: the variable, the file, or the setting of a tenant. */
  readonly subject: string
  /** What was seen; one Norwegian sentence. */
  readonly message: string
  /** What to do; only where there is something. */
  readonly next?: string
}

/** All is well. */
export function ok(subject: string, message: string): Finding {
  return { grade: 'ok', subject, message }
}

/** It works, but not for long, or not in every case. */
export function warning(subject: string, message: string, next: string): Finding {
  return { grade: 'warning', subject, message, next }
}

/** Letters will wait, or the process will not start, until this is mended. */
export function fault(subject: string, message: string, next: string): Finding {
  return { grade: 'fault', subject, message, next }
}
