/** The keys that a `when` may have, and what each asks for. Pure. Istio's list, release-1.31. */
import { checkIps, checkPorts, checkServiceAccounts, checkTexts, checkWildcards, type Check } from './checks.ts'

/** What a key asks for; `unreadable` passes Istio's validation and fails when it compiles. */
export type ConditionKey =
  | { readonly is: 'plain'; readonly field: PlainField }
  | { readonly is: 'header'; readonly name: string }
  | { readonly is: 'claim'; readonly path: readonly string[] }
  | { readonly is: 'filterMetadata'; readonly filter: string; readonly key: string }
  | { readonly is: 'unreadable'; readonly side: 'caller' | 'operation'; readonly httpOnly: boolean }

export type PlainField =
  | 'source.ip'
  | 'remote.ip'
  | 'source.namespace'
  | 'source.serviceAccount'
  | 'source.trustDomain'
  | 'source.principal'
  | 'request.auth.principal'
  | 'request.auth.audiences'
  | 'request.auth.presenter'
  | 'destination.ip'
  | 'destination.port'
  | 'connection.sni'

const PLAIN: Readonly<Record<PlainField, Check>> = {
  'source.ip': checkIps,
  'remote.ip': checkIps,
  'source.namespace': checkTexts,
  'source.serviceAccount': checkServiceAccounts,
  'source.trustDomain': checkWildcards,
  'source.principal': checkTexts,
  'request.auth.principal': checkTexts,
  'request.auth.audiences': checkTexts,
  'request.auth.presenter': checkTexts,
  'destination.ip': checkIps,
  'destination.port': checkPorts,
  'connection.sni': checkTexts,
}

const HEADERS = 'request.headers'
const CLAIMS = 'request.auth.claims'
const FILTERS = 'experimental.envoy.filters.'
const EXPERIMENTAL = 'experimental.'

export const KNOWN_KEYS: readonly string[] = [...Object.keys(PLAIN), `${HEADERS}[name]`, `${CLAIMS}[name]`]

/** Keys of Istio's v1alpha1 language, and what to write instead. */
const REPLACED: Readonly<Record<string, string>> = {
  'destination.namespace': 'the namespace of the policy says it',
  'destination.labels': 'the selector of the policy says it',
  'destination.name': 'the selector of the policy says it',
  'destination.user': 'the selector of the policy says it',
  'source.labels': 'write the ServiceAccount of the caller: source.serviceAccount',
  'source.workload': 'write the ServiceAccount of the caller: source.serviceAccount',
}

/** @returns `undefined` for a key that Istio does not know. */
export function parseConditionKey(key: string): ConditionKey | undefined {
  if (isPlain(key)) return { is: 'plain', field: key }
  if (key.startsWith(FILTERS)) return parseFilterKey(key)
  if (key.startsWith(HEADERS)) {
    const name = insideBrackets(key.slice(HEADERS.length))
    return name === undefined ? { is: 'unreadable', side: 'caller', httpOnly: true } : { is: 'header', name }
  }
  if (!key.startsWith(CLAIMS)) return undefined
  const path = claimPath(key.slice(CLAIMS.length))
  return path === undefined ? { is: 'unreadable', side: 'caller', httpOnly: true } : { is: 'claim', path }
}

/** The check of the values; of a key with a name in brackets only that they are not empty. */
export function checkOf(key: string): Check {
  return isPlain(key) ? PLAIN[key] : checkTexts
}

/** Keys with a name in brackets: `a[b]`, the name not empty. */
export function hasNameInBrackets(key: string): boolean {
  const open = key.indexOf('[')
  return key.endsWith(']') && open > 0 && open < key.length - 2
}

export function takesName(key: string): boolean {
  return key.startsWith(HEADERS) || key.startsWith(CLAIMS) || key.startsWith(FILTERS)
}

export function replacementOf(key: string): string | undefined {
  const bare = key.split('[', 1)[0] ?? ''
  return Object.hasOwn(REPLACED, bare) ? REPLACED[bare] : undefined
}

function isPlain(key: string): key is PlainField {
  return Object.hasOwn(PLAIN, key)
}

function parseFilterKey(key: string): ConditionKey {
  const whole = key.slice(EXPERIMENTAL.length).replace(/\]$/, '')
  const open = whole.indexOf('[')
  if (open < 0) return { is: 'unreadable', side: 'operation', httpOnly: false }
  return { is: 'filterMetadata', filter: whole.slice(0, open), key: whole.slice(open + 1) }
}

function insideBrackets(text: string): string | undefined {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, text.length - 1) : undefined
}

/** `[a][b]` are two steps; where brackets stand in brackets, all is one name. */
function claimPath(text: string): readonly string[] | undefined {
  const steps: string[] = []
  for (let at = 0; at < text.length;) {
    const end = text.indexOf(']', at)
    const step = text[at] === '[' && end > 0 ? text.slice(at + 1, end) : undefined
    if (step === undefined || step.includes('[')) {
      const name = insideBrackets(text)
      return name === undefined ? undefined : [name]
    }
    steps.push(step)
    at = end + 1
  }
  return steps
}
