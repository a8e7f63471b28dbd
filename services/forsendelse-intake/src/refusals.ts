import { Problem, type ProblemFault } from '@samband/access'
import type { JsonFault } from './letter/plain-json.ts'

/** The request is not the multipart that is expected, or its letter is faulty. */
export function invalidLetter(errors: readonly ProblemFault[]): Problem {
  const what = errors.length === 1 ? 'én feil' : `${errors.length} feil`
  return new Problem({
    status: 400,
    code: 'UGYLDIG_FORSENDELSE',
    title: 'Ugyldig forsendelse',
    detail: `Forsendelsen har ${what}. Ingenting er tatt imot. Rett feltene i errors og send på nytt.`,
    errors,
  })
}

/** A body that cannot be taken apart. */
export function brokenMultipart(): Problem {
  return invalidLetter([
    {
      path: '',
      code: 'UGYLDIG_MULTIPART',
      detail: 'Innholdet er ikke en hel multipart/form-data med delene i riktig form, eller slutter før siste skilje.',
    },
  ])
}

/** The header that tells where parts begin is missing. */
export function missingBoundary(): Problem {
  const detail = 'Content-Type må være multipart/form-data med en boundary på 1 til 70 tegn.'
  return invalidLetter([{ path: '', code: 'UGYLDIG_MULTIPART', detail }])
}

const JSON_SENTENCES: Readonly<Record<JsonFault, string>> = {
  'not-utf8': 'Må være JSON i UTF-8.',
  'not-json': 'Må være gyldig JSON.',
  'no-object': 'Må være et JSON-objekt.',
  'too-deep': 'Kan ha høyst 20 nivåer.',
}

/** The part `forsendelse` is no JSON object. */
export function invalidJson(fault: JsonFault): Problem {
  return invalidLetter([{ path: 'forsendelse', code: 'UGYLDIG_JSON', detail: JSON_SENTENCES[fault] }])
}

/** The first part is another one, or there is none. */
export function missingFirstPart(came: 'nothing' | 'another part'): Problem {
  const what = came === 'nothing' ? 'Det kom ingen deler.' : 'Den første delen som kom, har et annet navn.'
  const detail = `Den første delen må hete forsendelse og holde JSON; deretter følger dokumentene. ${what}`
  return invalidLetter([{ path: 'forsendelse', code: 'MANGLER', detail }])
}

/** More came than one request may bring. */
export function tooLarge(path: string, detail: string): Problem {
  return new Problem({
    status: 413,
    code: 'FOR_STOR',
    title: 'Forsendelsen er for stor',
    detail: 'Forsendelsen er større enn det Samband tar imot. Ingenting er tatt imot.',
    errors: [{ path, code: 'FOR_STOR', detail }],
    headers: { connection: 'close' },
  })
}

/** The reference belongs to another letter. */
export function otherContent(forsendelseId: string): Problem {
  return new Problem({
    status: 409,
    code: 'REFERANSE_I_BRUK',
    title: 'Referansen er brukt',
    detail: `Et brev med samme eksternReferanse og annet innhold er tatt imot før, med id ${forsendelseId}. Gi brevet en ny eksternReferanse.`,
    errors: [{ path: 'eksternReferanse', code: 'REFERANSE_I_BRUK', detail: 'Må være ulik for hvert brev.' }],
  })
}

/** No letter of that id or reference, or one of another municipality. */
export function noSuchLetter(): Problem {
  return new Problem({
    status: 404,
    code: 'FINNES_IKKE',
    title: 'Finnes ikke',
    detail: 'Kommunen har ingen forsendelse med denne id-en eller referansen i Samband.',
  })
}

/** A look-up without what to look for. */
export function missingReference(): Problem {
  const detail = 'Må være med én gang: 1 til 100 tegn.'
  return new Problem({
    status: 400,
    code: 'UGYLDIG_FORESPORSEL',
    title: 'Ugyldig forespørsel',
    detail: 'Oppslaget trenger en eksternReferanse.',
    errors: [{ path: 'eksternReferanse', code: 'MANGLER', detail }],
  })
}
