/**
 * What permission lists could not say of what some principals are granted, told once for all of them, with the rules behind it. Pure.
 */
import { overlaps, parsePattern } from '../subject/index.ts'
import type { Allowed, DeliveryFilter } from './decision.ts'
import type { Diagnostic } from './diagnostic.ts'
import { outOfForce } from './in-force.ts'
import type { Principal } from '../identity/principal.ts'
import { matchesPrincipal } from './match-principal.ts'
import { MatcherIndex } from './matcher-index.ts'
import type { GrantRule } from './model.ts'
import { nameOrigin, sortOrigins, type Origin } from './origin.ts'
import type { Snapshot } from './snapshot.ts'

export interface Given {
  readonly principal: Principal
  readonly decision: Allowed
}

const MOST_RULES = 5
const HINT = 'give what is granted and what is not different names above the wildcard, or grant less'

/** @param given the decisions of `snapshot` for the principals that somebody asks about */
export function tellGivenLess(snapshot: Snapshot, given: readonly Given[], filter: DeliveryFilter): Diagnostic[] {
  const short = given.filter(({ decision }) => decision.shortfalls[filter].length > 0)
  if (short.length === 0) return []
  const grants = new MatcherIndex(snapshot.model.grants, snapshot.trustDomains)
  const told = new Map<
    string,
    { readonly rules: readonly Origin[]; readonly pattern: string; readonly reason: string; readonly names: string[] }
  >()
  for (const { principal, decision } of short) {
    const standing = {
      account: decision.account,
      ceilings: snapshot.model.ceilings.filter(({ principals }) =>
        matchesPrincipal(principals, principal, snapshot.trustDomains),
      ),
    }
    const mine = grants.matching(principal).filter((rule) => outOfForce(rule, standing) === undefined)
    for (const { pattern, reason } of decision.shortfalls[filter]) {
      const rules = rulesBehind(mine, pattern)
      const key = JSON.stringify([pattern, reason, rules.map(nameOrigin)])
      const known = told.get(key)
      if (known === undefined) told.set(key, { rules, pattern, reason, names: [principal.name] })
      else known.names.push(principal.name)
    }
  }
  return [...told.values()].map(({ rules, pattern, reason, names }) => {
    const [first] = rules
    const message = `${JSON.stringify(pattern)} is not given to ${namesOf(names)}: ${reason}${behind(rules)}`
    const diagnostic = { severity: 'warning' as const, code: 'given-less', message, hint: HINT }
    return first === undefined ? diagnostic : { ...diagnostic, ...placeOf(first) }
  })
}

/** Those that prohibit first: what they take is most often the reason. */
function rulesBehind(mine: readonly GrantRule[], entry: string): Origin[] {
  const [subject = ''] = entry.split(' ')
  const pattern = parsePattern(subject)
  if (!pattern.ok) return []
  const met = mine.filter(({ grant }) => grant.patterns.some((one) => overlaps(one, pattern.value)))
  const of = (effect: GrantRule['effect']): Origin[] =>
    sortOrigins(met.filter((rule) => rule.effect === effect).map(({ origin }) => origin))
  return [...of('deny'), ...of('allow')]
}

function namesOf([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`
}

function behind(rules: readonly Origin[]): string {
  if (rules.length === 0) return ''
  const more = rules.length > MOST_RULES ? ` and ${rules.length - MOST_RULES} more` : ''
  return `; rules: ${rules.slice(0, MOST_RULES).map(nameOrigin).join(', ')}${more}`
}

function placeOf({ through: _through, ...place }: Origin): Origin {
  return place
}
