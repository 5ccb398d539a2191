/** What ceilings take away from grants, and ceilings over nobody. Pure. */
import { spellMatcherEntry } from '../../policy/spell-matcher.ts'
import { quote } from '../../lib/spell.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { CeilingRule } from '../../policy/model.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { coversTogether, overlapsAny, type Pattern } from '../../subject/index.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, entriesOf, grantedBy, sideOf, type Granted } from '../grant-rules.ts'
import { coversEntry, neverMeet, neverMeetMatchers } from '../principals.ts'

export const grantOutsideCeiling: Rule = {
  code: 'grant-outside-ceiling',
  severity: 'warning',
  title: 'grant wholly outside the ceiling',
  why: 'A SubjectCeiling is what its principals can hold at most, whoever grants it. What lies outside is granted in vain.',
  mend: 'remove the grant, or have the owner of the ceiling widen it',
  check: (estate) =>
    cappedGrants(estate).flatMap((granted) => {
      const capped = entriesOf(granted.rule).map((entry) => limitsOver(entry, granted, estate))
      if (!capped.every((limits) => limits !== undefined && !overlapsAny(limits.most, granted.pattern))) return []
      return tell(granted, capped, 'lies outside')
    }),
}

export const grantCutByCeiling: Rule = {
  code: 'grant-cut-by-ceiling',
  severity: 'info',
  title: 'grant that a ceiling cuts',
  why: 'Less is granted than the document says. That may be what the ceiling is for; a reader of this document alone does not see it.',
  mend: 'write what is left of it, as `nib what-can` lists it',
  check: (estate) =>
    cappedGrants(estate).flatMap((granted) => {
      const capped = entriesOf(granted.rule).map((entry) => limitsOver(entry, granted, estate))
      const isCut = capped.some((limits) => limits !== undefined && !coversTogether(limits.most, granted.pattern))
      const isOutside = capped.every((limits) => limits !== undefined && !overlapsAny(limits.most, granted.pattern))
      return isCut && !isOutside ? tell(granted, capped, 'lies only in part within') : []
    }),
}

interface Limits {
  readonly sure: readonly CeilingRule[]
  /** Of all ceilings that could match as well: nobody whom the entry matches can hold more. */
  readonly most: readonly Pattern[]
}

/** Of grants that hold under a ceiling only, the compiler says it itself. */
function cappedGrants({ model }: Estate): Granted[] {
  return grantedBy(allowsOf(model).filter(({ needsCeiling }) => needsCeiling !== true))
}

/** `undefined` unless some ceiling matches whoever the entry matches. */
function limitsOver(entry: MatcherEntry, { rule }: Granted, { model, trustDomains }: Estate): Limits | undefined {
  const side = sideOf(rule.grant)
  const sure = model.ceilings.filter(({ principals }) =>
    principals.some((wide) => coversEntry(wide, entry, trustDomains)),
  )
  if (sure.length === 0) return undefined
  const possible = model.ceilings.filter(({ principals }) =>
    principals.some((other) => !neverMeet(other, entry, trustDomains)),
  )
  return { sure, most: possible.flatMap((ceiling) => ceiling[side]) }
}

function tell({ rule, pattern }: Granted, capped: readonly (Limits | undefined)[], how: string): Suspicion[] {
  const names = new Set(capped.flatMap((limits) => limits?.sure ?? []).map(({ origin }) => nameOrigin(origin)))
  const message = `${rule.grant.verb} ${quote(pattern.text)} ${how} ${[...names].join(', ')}`
  return [{ at: { origin: rule.origin, written: pattern.text }, message }]
}

export const ceilingUnused: Rule = {
  code: 'ceiling-unused',
  severity: 'warning',
  title: 'ceiling over nobody',
  why: 'No rule grants anything to the principals of this ceiling, or no AccountMap lets them in. A ceiling with a misspelt matcher caps nobody, and its owner believes that it does.',
  mend: 'correct the matcher, or remove the ceiling',
  check: ({ model, trustDomains }) => {
    const allows = allowsOf(model)
    return model.ceilings.flatMap(({ origin, principals }) =>
      principals.flatMap((entry, index) => {
        const isLetIn = model.accounts.some((rule) => !neverMeetMatchers(rule.principals, [entry], trustDomains))
        const isGranted = allows.some((rule) => !neverMeetMatchers(entriesOf(rule), [entry], trustDomains))
        if (isLetIn && isGranted) return []
        const reason = isLetIn ? 'nothing is granted to' : 'no AccountMap lets in'
        const message = `${reason} ${spellMatcherEntry(entry)}`
        return [{ at: { origin, path: ['spec', 'principals', index] }, message }]
      }),
    )
  },
}

export const grantWithoutCeiling: Rule = {
  code: 'grant-without-ceiling',
  severity: 'info',
  title: 'grant outside every ceiling, where others have one',
  why: 'A principal without a ceiling is not capped: whoever may write a SubjectPolicy can give it any subject. Where ceilings are in use, a namespace without one was most likely forgotten.',
  mend: 'write a SubjectCeiling for these principals',
  check: ({ model, trustDomains }) => {
    if (model.ceilings.length === 0) return []
    return allowsOf(model).flatMap(({ origin, principals, needsCeiling }) => {
      if (needsCeiling === true) return []
      const isCapped = model.ceilings.some(
        (ceiling) => !neverMeetMatchers(ceiling.principals, principals, trustDomains),
      )
      const { rule: _rule, ...document } = origin
      const message = 'no ceiling caps the principals of this document'
      return isCapped ? [] : [{ at: { origin: document, path: ['spec', 'principals'] }, message }]
    })
  },
}
