import type { Readable } from 'node:stream'
import type { Answer } from '@samband/simulator-kit'
import type { Instance } from './archive.ts'
import { type Core, isNikita } from './core.ts'
import { NOARK_JSON, Refusal } from './refusal.ts'

/** Set when the answer is a file: it is streamed where `placeholder` would be sent. */
export interface Download {
  stream: { readonly placeholder: string; readonly open: () => Readable } | undefined
}

function accepts(accept: string | undefined, mimeType: string): boolean {
  if (accept === undefined) return true
  const family = `${mimeType.split('/')[0]}/*`
  return accept.split(',').some((part) => ['*/*', family, mimeType].includes(part.split(';')[0]?.trim() ?? ''))
}

/**
 * Answers a download of the file of a dokumentobjekt.
 * @throws Refusal 404 without a file (400 on Nikita), 406 when `Accept` excludes its type (500 on Nikita, mostly)
 */
export function answerDownload(core: Core, instance: Instance, accept: string | undefined, download: Download): Answer {
  const { file } = instance
  if (instance.kind !== 'dokumentobjekt' || file === undefined) {
    throw new Refusal(isNikita(core) ? 400 : 404, 'No file is here.')
  }
  if (!accepts(accept, file.mimeType)) {
    const wantsNoark = accept?.includes(NOARK_JSON) === true
    throw new Refusal(isNikita(core) && !wantsNoark ? 500 : 406, 'The file has another type than Accept allows.')
  }
  const placeholder = `file ${file.spooled}`
  download.stream = { placeholder, open: () => core.spool.read(file.spooled) }
  const headers = { 'content-type': file.mimeType, 'content-length': String(file.sizeBytes) }
  return { status: 200, headers, body: placeholder }
}
