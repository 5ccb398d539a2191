/**
 * What a route means, read off policy.md: for one literal subject, which route decides it, which operation it stands for, and what
 * Istio's evaluator says of that operation. No patterns, no lists.
 */
import {
  callerAttributesOf,
  compilePolicies,
  DEFAULT_MESH,
  evaluate,
  parseAuthorizationPolicy,
  selectPolicies,
  UNKNOWN,
  type RuleSet,
} from '../../src/istio/index.ts'
import type { Principal } from '../../src/identity/principal.ts'
import type { Json } from '../../src/lib/json.ts'
import type { RouteLine } from './arbitraries.ts'

export interface RouteDocument {
  readonly host: string
  readonly port: number | undefined
  readonly whenNoPolicy: 'Deny' | 'Allow'
  readonly routes: readonly RouteLine[]
}

export type Verdict = 'allowed' | 'not-allowed' | 'denied'

export function enforcedOf(policies: readonly Json[], labels: Readonly<Record<string, string>>): RuleSet {
  const read = policies.map((document) => {
    const { policy, mistakes } = parseAuthorizationPolicy(document, { unknownConditions: 'keep' })
    if (policy === undefined) throw new Error(JSON.stringify(mistakes))
    return policy
  })
  const selected = selectPolicies(read, { namespace: 'shop', labels }, DEFAULT_MESH)
  return compilePolicies(selected, { mesh: DEFAULT_MESH, transport: 'http', unknownConditions: 'match' }).enforced
}

export interface Meaning {
  readonly route: RouteLine
  /** Of the operation. */
  readonly path: string
  readonly verdict: Verdict
}

/** `undefined`: no route of the document has the subject. */
export function meaningOf(
  document: RouteDocument,
  rules: RuleSet,
  principal: Principal,
  subject: string,
): Meaning | undefined {
  const found = document.routes
    .flatMap((route) => {
      const operation = operationOf(route, subject, rules)
      return operation === undefined ? [] : [{ route, operation }]
    })
    .toSorted((a, b) => rankOf(a.route).localeCompare(rankOf(b.route)))[0]
  if (found === undefined) return undefined
  const { route } = found
  const { path } = found.operation
  const { decision, decidedBy } = evaluate(rules, {
    ...callerAttributesOf(principal),
    ...found.operation,
    host: document.host,
    port: document.port ?? UNKNOWN,
    destinationIp: UNKNOWN,
    sni: UNKNOWN,
    filterMetadata: UNKNOWN,
  })
  if (decision === 'allow') {
    const isAllowed = decidedBy !== 'no-allow-policy' || document.whenNoPolicy === 'Allow'
    return { route, path, verdict: isAllowed ? 'allowed' : 'not-allowed' }
  }
  return { route, path, verdict: decidedBy === 'no-allow-match' ? 'not-allowed' : 'denied' }
}

/** Smaller is more specific: token by token, literal, `{method}`, `{x}`, `{x...}`. */
function rankOf({ subject }: RouteLine): string {
  return tokensOf(subject)
    .map((token) => (token === '{method}' ? 1 : token.endsWith('+}') ? 3 : token.startsWith('{') ? 2 : 0))
    .join('')
}

function tokensOf(subject: string): string[] {
  return subject.replaceAll('...}', '+}').split('.')
}

export function operationOf(
  route: RouteLine,
  subject: string,
  rules: RuleSet,
): { method: string; path: string } | undefined {
  const values = new Map<string, string[]>()
  const rest = subject.split('.')
  let method = route.method
  for (const part of tokensOf(route.subject)) {
    if (rest.length === 0) return undefined
    if (part.endsWith('+}')) values.set(part, rest.splice(0))
    else {
      const token = rest.shift() ?? ''
      if (part === '{method}') method = methodOf(token, rules)
      else if (part.startsWith('{')) values.set(part, [token])
      else if (part !== token) return undefined
    }
  }
  if (rest.length > 0 || method === undefined) return undefined
  const path = route.path
    .slice(1)
    .split('/')
    .map((part) => {
      const tokens = values.get(part.replace('...}', '+}'))
      return tokens === undefined ? part : tokens.map(encode).join('/')
    })
    .join('/')
  return { method, path: `/${path}` }
}

function methodOf(token: string, rules: RuleSet): string | undefined {
  const named = [...rules.allow, ...rules.deny, ...rules.custom].flatMap(({ operations }) =>
    operations.flat().flatMap((term) => (term.field === 'method' ? term.values : [])),
  )
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  for (const value of named)
    if (value.is === 'exact' && value.value === value.value.toUpperCase()) known.push(value.value)
  return known.find((method) => method.toLowerCase() === token)
}

/** RFC 3986 section 2: everything but unreserved characters, byte by byte. */
export function encode(token: string): string {
  return [...new TextEncoder().encode(token)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
