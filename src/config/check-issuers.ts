/** What goes across the fields of the token issuers in `bridge.yaml`. Pure. Reads the document as it was written. */
import { isApiServerAudience } from '../identity/api-server-audience.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import {
  describeValue,
  isList,
  listChoices,
  spellPath,
  valueAt,
  valuesAt,
  type Mistake,
  type Path,
} from './document.ts'

export function issuerMistakes(document: Json): Mistake[] {
  const issuers = valuesAt(document, ['identity', 'issuers', '*'])
  return [
    ...issuers.flatMap(({ path, value }) => (isJsonObject(value) ? oneIssuer(value, path) : [])),
    ...sharedTrustDomains(document),
  ]
}

const ONLY_IN = { kubernetes: 'trustDomain', oidc: 'groupsClaim' } as const

function oneIssuer(issuer: JsonObject, path: Path): Mistake[] {
  const { kind, keys } = issuer
  const mistakes: Mistake[] = []
  if (kind === 'kubernetes' || kind === 'oidc') {
    const other = kind === 'kubernetes' ? 'oidc' : 'kubernetes'
    const field = ONLY_IN[other]
    if (field in issuer) {
      const message = `${spellPath([...path, field])} belongs to kind: ${other}, but this issuer is of kind: ${kind}`
      mistakes.push({ code: 'other-kind', message, hint: 'remove it', path: [...path, field], atKey: true })
    }
  }
  mistakes.push(...trustMistakes(issuer, path))
  if (isJsonObject(keys)) mistakes.push(...keyMistakes(issuer, keys, [...path, 'keys']))
  return mistakes
}

/** Tokens in ServiceAccount secrets carry it: the same in every cluster, and without an end. */
const LEGACY_ISSUER = 'kubernetes/serviceaccount'

function trustMistakes({ kind, issuer, audiences }: JsonObject, path: Path): Mistake[] {
  if (issuer === LEGACY_ISSUER) {
    const message = `${spellPath([...path, 'issuer'])} is the issuer of legacy tokens, which never end`
    const hint = 'use projected ServiceAccount tokens with an audience of their own'
    return [{ code: 'issuer-refused', message, hint, path: [...path, 'issuer'] }]
  }
  if (kind === 'oidc' && typeof issuer === 'string' && /^spiffe:/i.test(issuer)) {
    const message = `${spellPath([...path, 'issuer'])} of an OIDC issuer begins with spiffe:, so that its users would read like workloads`
    return [{ code: 'issuer-refused', message, path: [...path, 'issuer'] }]
  }
  const own =
    kind === 'kubernetes' && isList(audiences)
      ? audiences.findIndex((one) => typeof one === 'string' && (one === issuer || isApiServerAudience(one)))
      : -1
  if (own < 0) return []
  const place = [...path, 'audiences', own]
  const message = `${spellPath(place)} is the audience of the API server itself, and every pod holds a token for that`
  return [{ code: 'audience-refused', message, hint: 'ask for an audience of its own, such as nats', path: place }]
}

const SOURCES = ['discovery', 'url', 'file', 'inline']
const HTTP_ONLY = ['caFile', 'bearerTokenFile', 'allowInsecureHttp']

function keyMistakes(issuer: JsonObject, keys: JsonObject, path: Path): Mistake[] {
  const sources = SOURCES.filter((field) => field in keys)
  const [source] = sources
  if (source === undefined || sources.length > 1) return sourceMistake(keys, sources, path)
  const stray = source === 'discovery' || source === 'url' ? [] : HTTP_ONLY.filter((field) => field in keys)
  const never = source === 'inline' ? ['refresh', 'maxAge'].filter((field) => field in keys) : []
  const mistakes = [...stray, ...never].map((field): Mistake => {
    const message = `${spellPath([...path, field])} has no meaning with keys from ${source}`
    return { code: 'unused-field', message, hint: 'remove it', path: [...path, field], atKey: true }
  })
  if (source === 'inline') mistakes.push(...inlineMistakes(keys['inline'], [...path, 'inline']))
  if (source === 'url') mistakes.push(...urlMistakes(keys['url'], keys, [...path, 'url']))
  if (source === 'discovery')
    mistakes.push(...discoveryMistakes(issuer['issuer'], keys, [...path.slice(0, -1), 'issuer']))
  return mistakes
}

/** OpenID Connect Discovery 1.0 section 4: the path of the document is put behind the issuer. */
function discoveryMistakes(issuer: Json | undefined, keys: JsonObject, path: Path): Mistake[] {
  const mistakes = urlMistakes(issuer, keys, path)
  if (mistakes.length > 0 || typeof issuer !== 'string' || !/[?#]/.test(issuer)) return mistakes
  const message = `${spellPath(path)} has a query or fragment, and cannot be discovered`
  return [{ code: 'url-invalid', message, hint: 'give the URL of the JWK Set as keys.url', path }]
}

function sourceMistake(keys: JsonObject, sources: readonly string[], path: Path): Mistake[] {
  const expected = `expected exactly one of ${SOURCES.join(', ')}`
  if (sources.length > 1) {
    const found = listChoices(sources).replace(' or ', ' and ')
    return [{ code: 'ambiguous', message: `${spellPath(path)} has ${found}, ${expected}`, path }]
  }
  // A misspelt one is reported as an unknown field already.
  if (Object.keys(keys).some((field) => !HTTP_ONLY.includes(field) && field !== 'refresh' && field !== 'maxAge'))
    return []
  return [{ code: 'missing-field', message: `${spellPath(path)} names no source, ${expected}`, path }]
}

function urlMistakes(value: Json | undefined, keys: JsonObject, path: Path): Mistake[] {
  if (typeof value !== 'string') return []
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    const message = `${spellPath(path)} is ${describeValue(value)}, expected an https URL to fetch the keys from`
    const hint = 'an issuer that is no URL needs keys.url, keys.file or keys.inline instead of keys.discovery'
    return [{ code: 'url-invalid', message, hint, path }]
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return []
  if (keys['allowInsecureHttp'] === true) {
    const message = `${spellPath(path)} is plain HTTP: whoever can write to that network can log in as anybody`
    return [{ severity: 'warning', code: 'url-insecure', message, hint: 'serve the keys over https', path }]
  }
  const message = `${spellPath(path)} is ${describeValue(value)}, expected https: keys fetched over plain HTTP can be exchanged on the way`
  const hint = 'serve the keys over https, or set keys.allowInsecureHttp: true if the network between is trusted'
  return [{ code: 'url-insecure', message, hint, path }]
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

function inlineMistakes(value: Json | undefined, path: Path): Mistake[] {
  const set = typeof value === 'string' ? parseJson(value) : value
  const keys = isJsonObject(set) ? set['keys'] : undefined
  if (Array.isArray(keys) && keys.length > 0) return []
  const message = `${spellPath(path)} is no JWK Set, expected an object with a list named keys (RFC 7517 section 5)`
  return [{ code: 'keys-invalid', message, path }]
}

function parseJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed
  } catch {
    return undefined
  }
}

/** Two clusters may both have shop/orders; only the trust domain tells them apart. */
function sharedTrustDomains(document: Json): Mistake[] {
  const local = valueAt(document, ['identity', 'trustDomain']) ?? 'cluster.local'
  const seen = new Map<Json, Path>()
  return valuesAt(document, ['identity', 'issuers', '*']).flatMap(({ path, value }) => {
    if (!isJsonObject(value) || value['kind'] !== 'kubernetes') return []
    const trustDomain = value['trustDomain'] ?? local
    const first = seen.get(trustDomain)
    if (first === undefined) {
      seen.set(trustDomain, path)
      return []
    }
    const message = `${spellPath(path)} and ${spellPath(first)} share the trust domain ${describeValue(trustDomain)}: equal ServiceAccounts of both are one principal`
    const hint = 'right while one cluster changes its issuer; two clusters need two trust domains'
    return [{ severity: 'warning', code: 'trust-domain-shared', message, hint, path }]
  })
}
