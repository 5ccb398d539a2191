/** The holders of a pattern, by name and by description, and what keeps the list from being exact. Pure. */
import type { Principal } from '../../identity/principal.ts'
import { remember } from '../../lib/remember.ts'
import type { Decide } from '../../policy/decide.ts'
import type { Allowed } from '../../policy/decision.ts'
import { outOfForce } from '../../policy/in-force.ts'
import { MatcherIndex } from '../../policy/matcher-index.ts'
import type { GrantRule } from '../../policy/model.ts'
import type { Gap } from '../gap.ts'
import { keyOf, type Described } from '../population/described.ts'
import type { Population } from '../population/population.ts'
import type { Holder, WhoCanQuestion } from './holder.ts'
import { CandidateFinder, isRequest } from './candidates.ts'
import { Differences } from './differences.ts'
import { fold } from './fold.ts'
import { serviceAccountsUnknown } from './gaps.ts'
import { heldBy } from './held-by.ts'
import { Meetings } from './meetings.ts'
import { narrower } from './narrower.ts'
import type { Group, Line, Rulebook } from './line.ts'

export interface Holders {
  readonly holders: readonly Holder[]
  readonly gaps: readonly Gap[]
}

/** Groups of one question, those that narrower groups add included. */
const MOST_GROUPS = 2_000

export function createHolders(population: Population, decide: Decide): (question: WhoCanQuestion) => Holders {
  const linesOf = createLines(population, decide)
  return (question) => {
    const { lines, gaps } = linesOf(question)
    return { holders: fold(lines, population), gaps }
  }
}

export interface Lines {
  readonly lines: readonly Line[]
  readonly gaps: readonly Gap[]
}

/** Before lines that say the same are folded. */
export function createLines(
  population: Population,
  decide: Decide,
): (question: WhoCanQuestion, account?: string) => Lines {
  const { snapshot } = population
  const { model, trustDomains } = snapshot
  const finder = new CandidateFinder(population, decide)
  const book: Rulebook = {
    population,
    accounts: population.accounts,
    ceilings: new MatcherIndex(model.ceilings, trustDomains),
    grants: new MatcherIndex(model.grants, trustDomains),
    requests: model.grants.filter(isRequest),
    meetings: new Meetings(population),
  }

  function inForce(rules: readonly GrantRule[], principal: Principal, { account }: Allowed): readonly GrantRule[] {
    if (rules.every(({ withinAccount, needsCeiling }) => withinAccount === undefined && needsCeiling === undefined))
      return rules
    const standing = { account, ceilings: book.ceilings.matching(principal) }
    return rules.filter((rule) => !outOfForce(rule, standing))
  }

  return (question, account) => {
    const isElsewhere = (decision: Allowed): boolean => account !== undefined && decision.account !== account
    const found = finder.find(question)
    const differences = new Differences(book, question, found)
    const lines: Line[] = []
    for (const [principal, rules] of found.known) {
      const decision = decide(snapshot, principal)
      if (decision.effect === 'deny' || isElsewhere(decision)) continue
      const held = heldBy(principal, decision, inForce(rules, principal, decision), question)
      if (held !== undefined) lines.push({ principal, decision, held })
    }

    const waiting: Group[] = [
      // Of an end user only the name is known: for what a token brings besides, the name is a group. These come last.
      ...[...found.known.keys()].flatMap((principal) => remember(groups, principal, asGroup)),
      ...found.described.map((described): Group => ({ described, isNamed: false })),
    ]
    const allows = new Set(found.allows)
    const seen = new Set<string>()
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      const { described, isNamed } = group
      const key = keyOf(described)
      if (seen.has(key)) continue
      if (seen.size >= MOST_GROUPS) {
        differences.tooMany()
        break
      }
      seen.add(key)
      const { representative } = described
      const decision = decide(snapshot, representative)
      if (decision.effect === 'allow' && isElsewhere(decision)) continue
      differences.decided(group, decision)
      if (decision.effect === 'deny') continue
      const rules = book.grants.matching(representative).filter((rule) => allows.has(rule))
      const held = heldBy(representative, decision, inForce(rules, representative, decision), question)
      if (held !== undefined) {
        if (!isNamed) lines.push({ principal: representative, decision, held, described })
        differences.held(group, decision, held)
      }
      const inner = narrower(group, found, question, book)
      waiting.push(...inner.groups)
      if (inner.isUnsure) differences.unsure(group)
    }
    return { lines, gaps: differences.gaps(unknownServiceAccounts(lines)) }
  }

  function unknownServiceAccounts(lines: readonly Line[]): readonly Gap[] {
    if (population.hasServiceAccounts) return []
    const groups = lines.flatMap(({ described }) => (described?.side === 'workload' ? [described.description] : []))
    return groups.length === 0 ? [] : [serviceAccountsUnknown(groups.toSorted())]
  }
}

const groups = new WeakMap<Principal, readonly Group[]>()

/** Nothing for a workload: its name says everything. */
function asGroup(principal: Principal): readonly Group[] {
  const { requestAuth, name } = principal
  if (requestAuth === undefined) return []
  const { issuer, subject } = requestAuth
  const entries = name.includes('*') ? [{ issuer, claims: { sub: subject } }] : [{ requestPrincipal: name }]
  const described: Described = { description: name, side: 'end-user', entries, representative: principal }
  return [{ described, isNamed: true }]
}
