/** Limits that no login can keep. Pure. */
import { nameOrigin } from '../../policy/origin.ts'
import { strictest } from '../../policy/limits.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { Rule } from '../finding.ts'
import { principalFor } from '../representatives.ts'

export const limitsContradict: Rule = {
  code: 'limits-contradict',
  severity: 'error',
  title: 'limits that leave no way to connect',
  why: 'Of several limits that match a principal, the strictest holds. Where their connection types have none in common, every login of the principal is refused.',
  mend: 'leave one connection type in common, or have the limits speak of different principals',
  check: ({ model, trustDomains }) => {
    const limiting = model.limits.filter(({ limits }) => limits.connectionTypes !== undefined)
    return limiting.flatMap(({ origin, principals }) =>
      principals.flatMap((entry) => {
        const principal = principalFor(entry, trustDomains.local)
        if (principal === undefined) return []
        const mine = limiting.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
        if (strictest(mine.map(({ limits }) => limits)).connectionTypes?.length !== 0) return []
        const others = mine.map((rule) => nameOrigin(rule.origin)).filter((name) => name !== nameOrigin(origin))
        const message = `limits.connectionTypes has nothing in common with ${others.join(' and ')}: ${principal.name} is refused every connection`
        return [{ at: { origin, path: ['spec', 'limits', 'connectionTypes'] }, message }]
      }),
    )
  },
}
