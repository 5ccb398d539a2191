/**
 * For each way in which changed rules describe principals without naming them, one who is made up. Pure.
 * What a rule gives shows only in an account, and what a prohibition or a cap takes only where something is granted: so who is made
 * up also matches, where that is possible and does not follow anyway, an entry of an AccountMap, and then one of a grant.
 */
import type { Principal } from '../identity/principal.ts'
import { canonicalJson } from '../lib/json.ts'
import { matchesEntry, matchesPrincipal } from '../policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../policy/matcher.ts'
import type { Model } from '../policy/model.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { spellMatcherEntry } from '../policy/spell-matcher.ts'
import { choicesOf, MOST_CHOICES } from './population/choices.ts'
import { describe, type Described, type World } from './population/described.ts'
import { freshWord } from './population/fresh-word.ts'
import type { Gap } from './gap.ts'
import type { RuleChanges } from './rule-changes.ts'

export interface DescribedByChanges {
  /** Sorted by description. */
  readonly described: readonly Described[]
  readonly gaps: readonly Gap[]
}

/** Beyond this many tries nobody more is made up, and the answer says so. */
const MOST_TRIES = 5_000

type Rules = readonly { readonly principals: Matcher }[]

export function describedByChanges(
  before: Snapshot,
  after: Snapshot,
  { removed, added }: RuleChanges,
): DescribedByChanges {
  const giving = describing([...givingRules(removed), ...givingRules(added)])
  const taking = describing([...otherRules(removed), ...otherRules(added)])
  if (giving.length + taking.length === 0) return { described: [], gaps: [] }
  const homes = describing([...before.model.accounts, ...after.model.accounts])
  const grants = taking.length === 0 ? [] : describing([...givingRules(before.model), ...givingRules(after.model)])
  const world: World = { trustDomains: after.trustDomains, fresh: freshFor(before.model, added) }
  const found = new Map<string, Described>()
  const gaps: Gap[] = []
  let tries = 0

  function make(entries: readonly MatcherEntry[]): readonly Described[] {
    tries += 1
    if (tries > MOST_TRIES) return []
    const { described, isUnsure } = describe(entries, world)
    if (isUnsure && !isContradictory(entries)) gaps.push(unsure(entries))
    return described
  }

  /** As they are, and with each entry of the list that they may meet and that does not follow. */
  function meeting(described: Described, entries: readonly MatcherEntry[]): readonly Described[] {
    return entries
      .filter((entry) => !matchesEntry(entry, described.representative, world.trustDomains))
      .flatMap((entry) => make([...described.entries, entry]))
      .filter(({ side }) => side === described.side)
  }

  for (const entry of new Set([...giving, ...taking])) {
    if (choicesOf(entry).length >= MOST_CHOICES)
      gaps.push(tooMany(`the choices that ${spellMatcherEntry(entry)} leaves`))
    const bare = make([entry])
    const housed = bare.flatMap((described) => (isAtHome(described.representative) ? [] : meeting(described, homes)))
    const granted = taking.includes(entry)
      ? [...bare, ...housed].flatMap((described) => meeting(described, grants))
      : []
    for (const described of [...bare, ...housed, ...granted]) found.set(identityOf(described), described)
  }
  if (tries > MOST_TRIES) gaps.push(tooMany('the ways in which rules describe principals'))
  const described = [...found.values()].toSorted((a, b) => compareTexts(a.description, b.description))
  return { described, gaps }

  function isAtHome(principal: Principal): boolean {
    const hasAccount = ({ model }: Snapshot): boolean =>
      model.accounts.some(({ principals }) => matchesPrincipal(principals, principal, world.trustDomains))
    return hasAccount(before) && hasAccount(after)
  }
}

/** A word that means nothing to the rules of either. */
function freshFor(...models: readonly Model[]): string {
  return freshWord(
    models.flatMap((one) => [...givingRules(one), ...otherRules(one)]).map(({ principals }) => principals),
  )
}

function givingRules({ grants }: Model): Rules {
  return grants.filter(({ effect }) => effect === 'allow')
}

function otherRules({ accounts, grants, limits, ceilings }: Model): Rules {
  return [...accounts, ...grants.filter(({ effect }) => effect === 'deny'), ...limits, ...ceilings]
}

/** Entries that do not spell out one workload, each once. */
function describing(rules: Rules): readonly MatcherEntry[] {
  const distinct = new Map<string, MatcherEntry>()
  for (const { principals } of rules) {
    for (const entry of principals) if (!isOneWorkload(entry)) distinct.set(canonicalJson(entry), entry)
  }
  return [...distinct.values()]
}

/** Such a one is known, and has no claims or groups that would make a difference. */
function isOneWorkload({ serviceAccount, spiffeId, istio }: MatcherEntry): boolean {
  if (spiffeId !== undefined && 'exact' in spiffeId) return true
  if (serviceAccount !== undefined && serviceAccount.namespace !== '*' && serviceAccount.name !== '*') return true
  const terms = istio?.terms ?? []
  return terms.some((term) => term.field === 'principal' && !term.not && term.values.every(({ is }) => is === 'exact'))
}

/** A ServiceAccount has one namespace and one name: entries that ask for two are met by nobody, however the rest may look. */
function isContradictory(entries: readonly MatcherEntry[]): boolean {
  const asked = entries.flatMap(accountsIn)
  return differ(asked.map(({ namespace }) => namespace)) || differ(asked.map(({ name }) => name))
}

function differ(texts: readonly (string | undefined)[]): boolean {
  return new Set(texts.filter((text) => text !== undefined && text !== '*')).size > 1
}

const SHAPED = /\/ns\/([^/]+)\/sa\/([^/]+)$/

function accountsIn({ serviceAccount, namespace, istio }: MatcherEntry): { namespace?: string; name?: string }[] {
  const shaped = (istio?.terms ?? []).flatMap((term) => {
    const [value] = term.field === 'principal' && !term.not ? term.values : []
    const [, home, name] = value?.is === 'suffix' ? (SHAPED.exec(value.value) ?? []) : []
    return home === undefined || name === undefined ? [] : [{ namespace: home, name }]
  })
  return [
    ...(serviceAccount === undefined ? [] : [serviceAccount]),
    ...(namespace === undefined ? [] : [{ namespace }]),
    ...shaped,
  ]
}

function unsure(entries: readonly MatcherEntry[]): Gap {
  return {
    code: 'principals-unsure',
    message: `nobody could be made up who matches ${entries.map(spellMatcherEntry).join(' and ')}: what changes for such principals is not known`,
    hint: 'name such a principal in a rule, or as a ServiceAccount among the documents',
  }
}

function tooMany(what: string): Gap {
  return {
    code: 'principals-too-many',
    message: `${what} are too many: not all of them were looked at`,
    hint: 'compare smaller changes one by one',
  }
}

/** Of the one who is made up: whoever gets the same one gets the same answers. */
function identityOf({ representative: { name, groups, requestAuth } }: Described): string {
  return JSON.stringify([name, groups, requestAuth?.claims])
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
