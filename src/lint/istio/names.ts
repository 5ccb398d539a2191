/** Policies that do the opposite of what their name or their comment says. Pure. Reads comments, and so may be wrong: then waive it. */
import { quote } from '../../lib/spell.ts'
import type { Rule, Suspicion } from '../finding.ts'
import type { PolicyView } from './policy-view.ts'

const DENYING_NAME = /(^|[-_.])(deny|denies|denied|block|blocked|forbid|reject|prohibit|disallow)([-_.]|$)/i
const EXCEPTION = /(^|[-_.])(except|unless|but|allow)([-_.]|$)/i
const DENYING_COMMENT = /\b(deny|denies|block|blocks|forbid|forbids|reject|rejects|prohibit|prohibits|disallow)\b/i
/** What a comment says of the whole scheme, not of this policy. */
const SCHEME = /\bby[- ]default\b|\bdefault[- ]deny\b|\bdeny[- ]by[- ]default\b|\bdeny[- ]overrides?\b/gi

export const istioDenyThatAllows: Rule = {
  code: 'istio-deny-that-allows',
  severity: 'error',
  title: 'ALLOW that calls itself a deny',
  why: 'Without `action` a policy is an ALLOW. One that is named or commented as a deny, and has rules, lets in exactly those whom it was written against.',
  mend: 'add `action: DENY`, or give the policy another name',
  check: ({ policies }) =>
    policies.flatMap((policy): Suspicion[] => {
      const { document, action, rules, name } = policy
      if (action !== 'ALLOW' || rules.length === 0) return []
      if (DENYING_NAME.test(name) && !EXCEPTION.test(name)) {
        return [
          { at: { document, path: ['metadata', 'name'] }, message: `${quote(name)} is an ALLOW policy with rules` },
        ]
      }
      const about = rules
        .map(({ path }) => ({ path, comment: document.commentAt(path) }))
        .concat({ path: ['apiVersion'], comment: document.commentAt([]) })
      const found = about.find(({ comment }) => isDenying(comment))
      if (found === undefined) return []
      const message = `the comment above speaks of denying, and this is an ALLOW policy`
      const mend = 'add `action: DENY` in a policy of its own, or correct the comment'
      return [{ at: { document, path: found.path }, message, mend, severity: 'warning' }]
    }),
}

function isDenying(comment: string): boolean {
  return DENYING_COMMENT.test(comment.replaceAll(SCHEME, ''))
}

const DENY_ALL_NAME = /(^|[-_.])(deny[-_.]?(all|everything|any)|default[-_.]deny|deny[-_.]?by[-_.]?default)([-_.]|$)/i

export const istioDenyAllPartial: Rule = {
  code: 'istio-deny-all-partial',
  severity: 'warning',
  title: '"deny all" that denies something',
  why: 'The policy is named as the one that closes everything, and its rules deny only what they match. Whatever else no other policy mentions stays open.',
  mend: 'for "deny all" write `spec: {}`, an ALLOW without rules; else name the policy after what it denies',
  check: ({ policies }) =>
    policies.flatMap((policy): Suspicion[] => {
      const { document, action, rules, name } = policy
      if (action !== 'DENY' || !DENY_ALL_NAME.test(name)) return []
      const isWhole = rules.some(({ from, to, when }) => from === undefined && to === undefined && when.length === 0)
      if (isWhole || rules.length === 0) return []
      return [
        { at: { document, path: ['metadata', 'name'] }, message: `${quote(name)} denies only what its rules match` },
      ]
    }),
}

const OUTBOUND = /\b(outbound|outgoing|egress)\b/i
const CALLING = /\bto (call|reach|invoke|talk to|access|connect to) (all |any |every )?(the )?(other|external)\b/i

export const istioOutbound: Rule = {
  code: 'istio-outbound',
  severity: 'warning',
  title: 'rule for calls that leave the workload',
  why: 'An AuthorizationPolicy rules what comes in to the workloads it selects. A rule that was meant for what they may call opens them instead.',
  mend: 'write the rule into the policies of the workloads that are called; for calls out of the mesh use an egress gateway',
  check: ({ policies }) =>
    policies.flatMap((policy): Suspicion[] => {
      const { document, rules, name } = policy
      if (isEgress(policy)) return []
      if (OUTBOUND.test(name)) {
        return [{ at: { document, path: ['metadata', 'name'] }, message: `${quote(name)} rules what comes in` }]
      }
      return rules.flatMap((rule) => {
        const comment = document.commentAt(rule.path)
        if (!OUTBOUND.test(comment) && (rule.from !== undefined || !CALLING.test(comment))) return []
        const message =
          'the comment above speaks of calls that leave the workload, and the rule is about calls that come in'
        return [{ at: { document, path: rule.path }, message }]
      })
    }),
}

function isEgress({ labels, targetRefs, namespace }: PolicyView): boolean {
  return (
    targetRefs.length > 0 || /egress/.test(namespace) || Object.values(labels).some((value) => /egress/.test(value))
  )
}
