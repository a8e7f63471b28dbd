import type { Answer } from '@samband/simulator-kit'
import { type Core, isNikita } from './core.ts'
import { type Links, type LinkWriter, REL, rel, sorted } from './links.ts'
import { json } from './refusal.ts'

const ARKIVSTRUKTUR = [
  ...['arkiv', 'arkivdel', 'arkivskaper', 'dokumentbeskrivelse', 'dokumentobjekt', 'klasse', 'klassifikasjonssystem'],
  ...['mappe', 'registrering'],
]

function answerLinks(core: Core, links: Links): Answer {
  return json(200, { _links: isNikita(core) ? links : sorted(links) })
}

/** The root: login relations for everybody, packages for whoever is logged in (TG 1.1, 5.3). */
export function answerRoot(core: Core, links: LinkWriter, loggedIn: boolean): Answer {
  const shown: Links = {
    self: { href: links.below() },
    [`${REL}login/oidc/`]: { href: links.below('.well-known/openid-configuration') },
  }
  if (!isNikita(core)) {
    shown[`${REL}login/rfc6749/`] = { href: links.below('oauth/token') }
    shown[`${REL}login/rfc7617/`] = { href: links.href('basic') }
  }
  if (loggedIn) {
    for (const name of ['arkivstruktur', 'metadata', 'sakarkiv']) shown[`${REL}${name}/`] = { href: links.href(name) }
    const admin = isNikita(core) ? 'admin' : 'admin/system'
    shown[`${REL}${admin}/`] = { href: links.href(isNikita(core) ? 'admin' : 'system') }
  }
  return answerLinks(core, shown)
}

/** The OpenID discovery document. Nikita names its token address under the wrong member and has no `token_endpoint`. */
export function answerDiscovery(core: Core, links: LinkWriter): Answer {
  const token = links.below('oauth/token')
  const standard = {
    issuer: links.below(),
    authorization_endpoint: links.below('oauth/authorize'),
    token_endpoint: token,
    jwks_uri: links.below('oauth/jwks'),
    grant_types_supported: ['client_credentials', 'password'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
  const body = isNikita(core) ? { issuer: links.below(), authorization_endpoint: token } : standard
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** The listing of a package. */
export function answerPackage(core: Core, links: LinkWriter, name: string): Answer {
  const shown: Links = { self: { href: links.href(name) } }
  switch (name) {
    case 'arkivstruktur':
      for (const list of ARKIVSTRUKTUR) shown[rel(list)] = links.list(list)
      break
    case 'sakarkiv':
      for (const list of ['arkivnotat', 'journalpost', 'presedens', 'saksmappe']) {
        if (list !== 'arkivnotat' || !isNikita(core)) shown[rel(list)] = links.list(list)
      }
      break
    case 'metadata':
      for (const list of [...Object.keys(core.dialect.codeLists), 'virksomhetsspesifikkeMetadata']) {
        shown[`${REL}metadata/${list}/`] = { href: links.href('codes', list) }
      }
      break
    default:
      shown[`${REL}admin/system/`] = { href: links.href('system') }
  }
  return answerLinks(core, shown)
}

/** `R:admin/system/`: what this core is, and how large one upload may be. Nikita does not say the latter. */
export function answerSystem(core: Core): Answer {
  const common = { leverandoer: 'Samband', produkt: 'Noark 5-simulator', versjon: '1', versjonsdato: '2026-01-01' }
  const own = isNikita(core)
    ? { protokollversjon: 'Noark 5.5.0' }
    : { bulkgrense: core.bulkgrense, protokollversjon: '1.1' }
  return json(200, { ...common, ...own })
}
