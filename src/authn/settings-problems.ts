/** Finds what is wrong with issuer settings, all of it at once, before anything is built from them. Pure. */
import { isApiServerAudience } from '../identity/api-server-audience.ts'
import { isTrustDomain } from '../identity/spiffe-id.ts'
import { parseInlineKeys } from './inline-keys.ts'
import { fetchableUrl } from './key-source.ts'
import {
  ASYMMETRIC_ALGORITHMS,
  MAX_TOLERANCE_SECONDS,
  type IssuerSettings,
  type KeySourceSettings,
} from './settings.ts'

export interface SettingsProblem {
  /** Below the list of issuers: `[0].keys.url`. */
  readonly path: string
  /** What was expected, lower case, no period. */
  readonly message: string
  readonly hint?: string
}

type Report = (path: string, message: string, hint?: string) => void

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const VISIBLE = /^[\x21-\x7e]{1,512}$/
/** `iss` of the tokens in ServiceAccount secrets: the same in every cluster, and they never end. */
const LEGACY_ISSUER = 'kubernetes/serviceaccount'

export function issuerProblems(issuers: readonly IssuerSettings[]): readonly SettingsProblem[] {
  const problems: SettingsProblem[] = []
  const names = new Set<string>()
  const claims = new Set<string>()
  for (const [index, issuer] of issuers.entries()) {
    const report: Report = (path, message, hint) =>
      void problems.push({ path: `[${index}].${path}`, message, ...(hint !== undefined && { hint }) })
    checkIssuer(issuer, report)
    if (names.has(issuer.name)) report('name', 'another issuer has this name')
    if (claims.has(issuer.issuer)) {
      const hint = 'a token names its issuer by iss alone: give each cluster its own --service-account-issuer'
      report('issuer', 'another issuer has the same iss', hint)
    }
    names.add(issuer.name)
    claims.add(issuer.issuer)
  }
  return problems
}

function checkIssuer(issuer: IssuerSettings, report: Report): void {
  if (!NAME.test(issuer.name))
    report(
      'name',
      'expected 1 to 63 letters, digits, ".", "_" and "-", a letter or digit first',
      'it becomes a metric label',
    )
  if (!VISIBLE.test(issuer.issuer)) report('issuer', 'expected the exact iss: 1 to 512 visible ASCII characters')
  if (issuer.issuer === LEGACY_ISSUER) {
    report('issuer', 'tokens of this issuer never end', 'use projected ServiceAccount tokens with an audience')
  }
  if (issuer.audiences.length === 0) {
    report('audiences', 'expected at least one audience', 'without it, a token meant for any other service would do')
  }
  if (!issuer.audiences.every((audience) => VISIBLE.test(audience))) {
    report('audiences', 'expected audiences of 1 to 512 visible ASCII characters')
  }
  checkAlgorithms(issuer.algorithms, report)
  if (issuer.types?.length === 0) report('types', 'expected at least one value of typ, or no list')
  checkRange(issuer.clockToleranceSeconds, 0, MAX_TOLERANCE_SECONDS, 'clockToleranceSeconds', report)
  checkRange(issuer.maxTokenBytes, 256, 65_536, 'maxTokenBytes', report)
  if (issuer.kind === 'kubernetes') checkKubernetes(issuer, report)
  else if (/^spiffe:/i.test(issuer.issuer)) {
    report('issuer', 'an OIDC issuer cannot begin with spiffe:', 'its users would read like workloads')
  }
  checkKeys(issuer.issuer, issuer.keys, report)
}

function checkKubernetes(
  issuer: { issuer: string; audiences: readonly string[]; trustDomain: string },
  report: Report,
): void {
  if (!isTrustDomain(issuer.trustDomain)) {
    report('trustDomain', 'expected 1 to 255 of a-z, 0-9, ".", "-" and "_"', 'Istio calls it meshConfig.trustDomain')
  }
  if (issuer.audiences.some((audience) => audience === issuer.issuer || isApiServerAudience(audience))) {
    const hint = 'every pod holds a token for the API server: ask for an audience of its own, such as nats'
    report('audiences', 'the audience of the API server itself cannot be accepted', hint)
  }
}

function checkAlgorithms(algorithms: readonly string[] | undefined, report: Report): void {
  const expected = `expected some of ${ASYMMETRIC_ALGORITHMS.join(', ')}`
  if (algorithms === undefined) return
  if (algorithms.length === 0 || !algorithms.every((algorithm) => ASYMMETRIC_ALGORITHMS.includes(algorithm))) {
    report('algorithms', expected, 'none and the symmetric HS256, HS384, HS512 are never accepted')
  }
}

function checkKeys(issuer: string, keys: KeySourceSettings, report: Report): void {
  if ('inline' in keys) {
    const parsed = parseInlineKeys(keys.inline)
    if (!parsed.ok) report('keys.inline', `expected a JWK Set: ${parsed.error.detail}`)
    else if (parsed.value.keys.size === 0) report('keys.inline', 'expected at least one usable public key')
    return
  }
  checkRange(keys.refreshSeconds, 1, 86_400, 'keys.refreshSeconds', report)
  checkRange(keys.maxAgeSeconds, 1, 30 * 86_400, 'keys.maxAgeSeconds', report)
  if ('file' in keys) {
    if (keys.file === '') report('keys.file', 'expected the path of a JWK Set')
    return
  }
  const [path, address] = 'url' in keys ? ['keys.url', keys.url] : ['keys.discovery', issuer]
  const url = fetchableUrl(address, keys.allowInsecureHttp === true)
  if (!url.ok) report(path, `expected an https URL: ${url.error.detail}`)
  else if (path === 'keys.discovery' && (url.value.search !== '' || url.value.hash !== '')) {
    report(path, 'an issuer with a query or fragment cannot be discovered', 'configure the JWK Set by URL')
  }
}

function checkRange(value: number | undefined, min: number, max: number, path: string, report: Report): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return
  report(path, `expected a whole number from ${min} to ${max}`)
}
