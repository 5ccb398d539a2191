/** Values that can never match what they look like. Pure. A DENY with such a value denies nothing, an ALLOW grants nothing. */
import { normalisePath } from '../../istio/index.ts'
import { quote } from '../../lib/spell.ts'
import type { Severity } from '../../policy/diagnostic.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { valuesOf, type PolicyView, type RuleValue } from './policy-view.ts'

function suspectValues(
  policies: readonly PolicyView[],
  tell: (value: RuleValue, policy: PolicyView) => string | undefined,
): Suspicion[] {
  return policies.flatMap((policy) =>
    policy.rules.flatMap((rule) =>
      valuesOf(rule).flatMap((value): Suspicion[] => {
        const message = tell(value, policy)
        if (message === undefined) return []
        const at = { document: policy.document, path: value.path }
        return [{ at, message, severity: severityOf(value, policy) }]
      }),
    ),
  )
}

/** A condition that never holds opens what it was to close: in a DENY, or behind a `not` of an ALLOW. */
function severityOf({ negated }: RuleValue, { action }: PolicyView): Severity {
  const closes = action === 'DENY' || action === 'CUSTOM' ? !negated : negated
  return closes ? 'error' : 'warning'
}

/** Compared text by text, with one star at an end; namespaces take many, and the other fields none. */
const STARRED = /^(principals|requestPrincipals|hosts|methods|paths|source\.principal|request\..+|connection\.sni)$/

/** What is left to be compared when Istio has read its star. */
function compared(text: string): string {
  if (text.startsWith('*')) return text.slice(1)
  return text.endsWith('*') ? text.slice(0, -1) : text
}

function hasLiteralStar({ text, field }: RuleValue): boolean {
  return STARRED.test(field) && !isTemplate(text) && compared(text).includes('*')
}

function isTemplate(text: string): boolean {
  return /\{\*{1,2}\}/.test(text)
}

export const istioLiteralStar: Rule = {
  code: 'istio-literal-star',
  severity: 'warning',
  title: 'star that Istio reads as text',
  why: 'Istio knows one star, at the beginning or at the end of a value. Any other star is plain text: `/a/*/b`, `*/admin/*`, `/**/docs` or `*bot*` match no real request. In a DENY that denies nothing.',
  mend: 'one star at one end; for paths, the templates `{*}` (one segment) and `{**}` (any)',
  check: ({ policies }) =>
    suspectValues(policies, (value) => {
      if (!hasLiteralStar(value)) return undefined
      const { text, field } = value
      const left = compared(text)
      const how = text.startsWith('*') ? 'a suffix' : text.endsWith('*') ? 'a prefix' : 'the whole text'
      return `${field} ${quote(text)}: Istio compares ${quote(left)} as ${how}, star and all`
    }),
}

export const istioPathUnreachable: Rule = {
  code: 'istio-path-unreachable',
  severity: 'warning',
  title: 'path that no request has',
  why: 'Before it asks the policies, the proxy cuts off the query, resolves `.` and `..`, turns `\\` into `/` and decodes what need not be escaped; paths of a policy stay as written. A path with such parts, or without a leading slash, never matches.',
  mend: 'write the path as it arrives: from the first slash, without query, `..` and needless escapes',
  check: ({ policies }) =>
    suspectValues(policies, (value) => {
      const { field, text } = value
      if (field !== 'paths' || text === '' || text === '*' || hasLiteralStar(value)) return undefined
      // Braces that are no template: Istio refuses them.
      if (/[{}]/.test(text) && !isTemplate(text)) return undefined
      const sample = sampleOf(text)
      const arrives = sample.startsWith('/') && !/[?#]/.test(sample) ? normalisePath(sample) : undefined
      if (arrives === sample) return undefined
      if (!sample.startsWith('/')) return `path ${quote(text)} does not begin with "/"`
      if (/[?#]/.test(sample)) return `path ${quote(text)} has a query or fragment, which is cut off before`
      return arrives === undefined
        ? `path ${quote(text)} has characters that no request can have`
        : `path ${quote(text)}: such a request arrives as ${quote(arrives)}`
    }),
}

/** A path that the value was meant to match. */
function sampleOf(text: string): string {
  if (isTemplate(text)) return text.replaceAll(/\{\*{1,2}\}/g, 'x')
  if (text.startsWith('*')) return `/x${text.slice(1)}`
  return text.endsWith('*') ? `${text.slice(0, -1)}x` : text
}

export const istioPrincipalForm: Rule = {
  code: 'istio-principal-form',
  severity: 'error',
  title: 'principal in a form that Istio does not compare',
  why: 'Istio compares principals as `<trust domain>/ns/<namespace>/sa/<name>`, without `spiffe://`. Another spelling matches nobody: an ALLOW lets nobody in, and a DENY nobody out.',
  mend: 'write `cluster.local/ns/shop/sa/orders`',
  check: ({ policies }) =>
    suspectValues(policies, ({ field, text, negated }) => {
      if (field !== 'principals' && field !== 'source.principal') return undefined
      const form = formOf(text)
      // Whoever negates a name that nobody has means everybody.
      if (form === undefined || (negated && form === 'has no trust domain, namespace and name')) return undefined
      return `principal ${quote(text)} ${form}`
    }),
}

function formOf(text: string): string | undefined {
  if (text.replace(/^\*/, '').startsWith('spiffe://')) return 'begins with "spiffe://"'
  if (text.startsWith('system:serviceaccount:')) return "is Kubernetes' spelling of a user"
  if (text.startsWith('ns/') || text.startsWith('/ns/')) return 'has no trust domain before "/ns/"'
  if (!text.includes('/') && !text.includes('*')) return 'has no trust domain, namespace and name'
  return undefined
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export const istioMethodCase: Rule = {
  code: 'istio-method-case',
  severity: 'warning',
  title: 'method that is not in capital letters',
  why: 'Methods are compared letter by letter, and clients send capital letters.',
  mend: 'write the method in capital letters',
  check: ({ policies }) =>
    suspectValues(policies, ({ field, text }) =>
      field === 'methods' && !METHODS.has(text) && METHODS.has(text.toUpperCase())
        ? `method ${quote(text)} matches no request, expected ${quote(text.toUpperCase())}`
        : undefined,
    ),
}

export const istioDefaultServiceAccount: Rule = {
  code: 'istio-default-service-account',
  severity: 'warning',
  title: 'ALLOW for the ServiceAccount "default"',
  why: 'Every pod that names no ServiceAccount runs as `default`. Where all workloads share it, a policy cannot tell one from the other.',
  mend: 'give each workload a ServiceAccount of its own, and allow that',
  check: ({ policies }) =>
    suspectValues(policies, ({ field, text, negated }, { action }) => {
      if (action !== 'ALLOW' || negated || !/^(source\.)?(principal|serviceAccount)s?$/.test(field)) return undefined
      if (!/(\/sa\/|^[^/]*\/|^)default$/.test(text)) return undefined
      return `${quote(text)} is every pod of its namespace that names no ServiceAccount`
    }),
}
