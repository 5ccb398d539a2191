/** ALLOW rules that let in anybody, or more than it seems. Pure. */
import { valueAt } from '../../compile/index.ts'
import { isJsonObject } from '../../lib/json.ts'
import type { Rule } from '../finding.ts'
import { asksForCaller, baseField, isEveryPath, isPublicPath, type PolicyView, type RuleView } from './policy-view.ts'

/** The two halves of a rule, as rules of their own. */
interface Halves {
  readonly callers: RuleView
  readonly operations: RuleView
}

/** What a rule would have been without the dash before its second half. `undefined`: it may well be meant as it stands. */
function halvesOf(first: RuleView, second: RuleView | undefined, { name }: PolicyView): Halves | undefined {
  if (second === undefined) return undefined
  const isInOrder = first.to === undefined
  const [callers, operations] = isInOrder ? [first, second] : [second, first]
  if (callers.from === undefined || callers.to !== undefined || callers.when.length > 0) return undefined
  if (operations.to === undefined || operations.from !== undefined || operations.when.length > 0) return undefined
  // Open health checks beside the callers are a rule of their own, unless the whole policy is about them.
  if (isPublic(operations) && (isInOrder || !ABOUT_PUBLIC.test(name))) return undefined
  // So is the usual "a token, or one of these paths".
  return asksForTokenAlone(callers) && isLimited(operations) ? undefined : { callers, operations }
}

const ABOUT_PUBLIC = /health|ready|readiness|liveness|probe|metrics|scrap|monitor/i

function asksForTokenAlone({ from = [] }: RuleView): boolean {
  return from.every(({ fields }) => [...fields.keys()].every((field) => field === 'requestPrincipals'))
}

function isPublic({ to = [] }: RuleView): boolean {
  return to.every(({ fields }) => {
    const paths = fields.get('paths')
    return paths !== undefined && paths.every(({ text }) => isPublicPath(text))
  })
}

export const istioFromToSplit: Rule = {
  code: 'istio-from-to-split',
  severity: 'error',
  title: '"from" and "to" as two rules',
  why: 'A second dash begins a second rule, and rules are alternatives: the callers may then do everything, and everybody, without any identity, may do what `to` lists.',
  mend: 'remove the dash before the second of the two, so that both belong to one rule',
  check: ({ policies }) =>
    policies.flatMap((policy) =>
      policy.rules.flatMap((rule, index) => {
        const second = policy.rules[index + 1]
        const halves = halvesOf(rule, second, policy)
        if (second === undefined || halves === undefined) return []
        const verb = policy.action === 'DENY' ? 'denied to everybody' : 'open to everybody'
        const [callers, operations] = [halves.callers, halves.operations].map(({ path }) => path.at(-1))
        const message = `rule ${operations} has no "from": what it lists is ${verb}, and rule ${callers} has no "to"`
        return [{ at: { document: policy.document, path: second.path }, message }]
      }),
    ),
}

export const istioOpenToAnyone: Rule = {
  code: 'istio-open-to-anyone',
  severity: 'warning',
  title: 'ALLOW for anybody, whatever the path',
  why: 'A rule that asks neither who calls nor for a path lets in everybody who reaches the port, with an identity or without.',
  mend: 'add `from` with the callers, or the paths that are public',
  check: ({ policies }) =>
    policies.flatMap((policy) => {
      if (policy.action !== 'ALLOW' || isGateway(policy)) return []
      return policy.rules.flatMap((rule, index) => {
        const before = policy.rules[index - 1]
        if (isEmptyRule(policy, rule) || asksForCaller(rule) || isLimited(rule)) return []
        if (before !== undefined && halvesOf(before, rule, policy) !== undefined) return []
        if (halvesOf(rule, policy.rules[index + 1], policy) !== undefined) return []
        const message = `rule ${index} asks for no caller and for no path`
        return [{ at: { document: policy.document, path: rule.path }, message }]
      })
    }),
}

function isLimited({ to }: RuleView): boolean {
  return (
    to !== undefined && to.every(({ fields }) => fields.get('paths')?.every(({ text }) => !isEveryPath(text)) === true)
  )
}

/** Gateways are there for everybody. */
export function isGateway({ labels, targetRefs }: PolicyView): boolean {
  if (targetRefs.some(({ kind }) => kind === 'Gateway' || kind === 'ServiceEntry')) return true
  return Object.entries(labels).some(([key, value]) => /gateway/.test(key) || /(ingress|egress)-?gateway/.test(value))
}

function isEmptyRule({ document }: PolicyView, { path }: RuleView): boolean {
  const written = valueAt(document.object.value, path)
  return written === null || (isJsonObject(written) && Object.keys(written).length === 0)
}

export const istioAllowAllRule: Rule = {
  code: 'istio-allow-all-rule',
  severity: 'error',
  title: 'empty rule in an ALLOW',
  why: 'An empty rule matches every request. In an ALLOW it lets everybody in, and every other rule beside it says nothing; it does not "deny the rest", which an ALLOW does by itself.',
  mend: 'remove the `- {}`: what no rule of an ALLOW matches is denied already',
  check: ({ policies }) =>
    policies.flatMap((policy) => {
      if (policy.action !== 'ALLOW') return []
      return policy.rules
        .filter((rule) => isEmptyRule(policy, rule))
        .map((rule) => {
          const alone = policy.rules.length === 1
          return {
            at: { document: policy.document, path: rule.path },
            message: alone ? 'lets everybody in' : `lets everybody in, the other ${others(policy)} notwithstanding`,
            // Alone it is Istio's own way to write "allow all", and most likely meant.
            ...(alone ? { severity: 'info' as const, mend: 'name the callers, unless everybody is meant' } : {}),
          }
        })
    }),
}

function others({ rules }: PolicyView): string {
  return rules.length === 2 ? 'rule' : `${rules.length - 1} rules`
}

const CALLER_FIELDS: ReadonlySet<string> = new Set([
  'principals',
  'requestPrincipals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
])

export const istioNegativeAllow: Rule = {
  code: 'istio-negative-allow',
  severity: 'warning',
  title: 'ALLOW for whoever is not somebody',
  why: 'Every `not` holds for a caller without an identity: an ALLOW with `notPrincipals` or `notNamespaces` alone lets in plain text connections, from outside the mesh as well.',
  mend: 'add `principals: ["*"]`, which asks for some identity, or name the callers',
  check: ({ policies }) =>
    policies.flatMap(({ document, action, rules }) => {
      if (action !== 'ALLOW') return []
      return rules.flatMap(({ from = [], when }) => {
        const asked = when.some(({ key, values }) => /^(source\.|request\.auth\.)/.test(key) && values.length > 0)
        if (asked) return []
        return from.flatMap(({ path, fields }) => {
          const names = [...fields.keys()]
          const negative = names.filter((name) => baseField(name).negated && CALLER_FIELDS.has(baseField(name).field))
          if (negative.length === 0 || names.some((name) => !baseField(name).negated)) return []
          const message = `${negative.join(' and ')} alone: a caller without any identity is let in as well`
          return [{ at: { document, path }, message }]
        })
      })
    }),
}
