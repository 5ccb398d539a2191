/** Who can send itself a request, and so write where it may not: NATS `resp` knows no DENY and no allow list. Pure. */
import { quote } from '../../lib/spell.ts'
import type { Allowed } from '../../policy/decision.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import { intersect, missedBy, overlapsAny, parsePattern, PatternIndex, type Pattern } from '../../subject/index.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, entriesOf } from '../grant-rules.ts'

export const respondToItself: Rule = {
  code: 'respond-to-itself',
  severity: 'warning',
  title: 'responder that can send itself a request',
  why: 'NATS lets a responder publish to whatever reply subject a request names, and this overrides every DENY, allow list and ceiling. Who may publish to a subject that it hears itself names any reply subject it likes, and writes there what it likes: commands, inboxes of others, JetStream.',
  mend: 'write a DENY of `publish` on what it answers for the responder alone, or grant callers and responders different subjects',
  check: ({ representatives, model, trustDomains }) =>
    representatives.flatMap(({ principal, decision, rule }): Suspicion[] => {
      if (decision.effect === 'deny' || decision.permissions.filtering.resp === undefined) return []
      const shared = ownRequest(decision)
      if (shared === undefined) return []
      const responding = allowsOf(model).find(
        (one) =>
          one.grant.verb === 'respond' &&
          matchesPrincipal(entriesOf(one), principal, trustDomains) &&
          overlapsAny(one.grant.patterns, shared),
      )
      const { origin } = responding ?? rule
      const message = `${principal.name} publishes to and hears ${quote(shared.text)}: answering itself, it can write to every subject of its account`
      return [{ at: { origin }, message }]
    }),
}

/** What a principal may publish to, and hears then; nothing when denies take all of it. */
function ownRequest({ permissions }: Allowed): Pattern | undefined {
  const { pub, sub } = permissions.filtering
  const heard = new PatternIndex<Pattern>()
  for (const pattern of patternsIn(sub.allow)) heard.add(pattern, pattern)
  // A deny for some queue groups leaves the others.
  const denied = patternsIn([...pub.deny, ...sub.deny.filter((entry) => !entry.includes(' '))])
  for (const said of patternsIn(pub.allow)) {
    for (const other of heard.overlapping(said)) {
      const shared = intersect(said, other)
      if (shared !== undefined && missedBy(denied, shared) !== undefined) return shared
    }
  }
  return undefined
}

/** Entries of a list, without their queues. */
function patternsIn(list: readonly string[]): Pattern[] {
  return list.flatMap((entry) => {
    const parsed = parsePattern(entry.split(' ')[0] ?? '')
    return parsed.ok ? [parsed.value] : []
  })
}
