/** Matchers that nobody can ever match, because no AccountMap lets such a principal in. Pure. */
import { spellMatcherEntry } from '../../policy/spell-matcher.ts'
import type { Origin } from '../../policy/origin.ts'
import type { Matcher } from '../../policy/matcher.ts'
import type { Rule } from '../finding.ts'
import { entriesOf } from '../grant-rules.ts'
import { neverMeet } from '../principals.ts'

interface Matching {
  readonly origin: Origin
  readonly principals: Matcher
}

export const principalsWithoutAccount: Rule = {
  code: 'principals-without-account',
  severity: 'warning',
  title: 'rule for principals without an account',
  why: 'Whoever no AccountMap entry places in an account is refused at login. A rule for such principals does nothing, and most often has a misspelt namespace or name.',
  mend: 'correct the matcher, or place these principals in an account',
  check: ({ model, trustDomains }) => {
    const placed = model.accounts.flatMap(({ principals }) => principals)
    if (placed.length === 0) return []
    const rules: Matching[] = [
      ...model.grants.map((rule) => ({ origin: rule.origin, principals: entriesOf(rule) })),
      ...model.limits,
    ]
    return rules.flatMap(({ origin, principals }) =>
      principals.flatMap((entry, index) => {
        if (placed.some((other) => !neverMeet(entry, other, trustDomains))) return []
        const message = `no AccountMap places ${spellMatcherEntry(entry)} in an account`
        return [{ at: { origin, path: ['spec', 'principals', index] }, message }]
      }),
    )
  },
}
