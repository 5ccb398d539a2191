/**
 * Access review of one account: everybody who lives in it, by name or by description, with login, permissions and the rules behind
 * each. Pure; reads the decisions that logins would get. Deterministic: the same snapshot gives the same review.
 */
import type { Principal } from '../identity/principal.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Decide } from '../policy/decide.ts'
import type { Allowed, Permissions, Shortfall } from '../policy/decision.ts'
import { outOfForce } from '../policy/in-force.ts'
import { MatcherIndex } from '../policy/matcher-index.ts'
import type { InboxKind, Limits } from '../policy/model.ts'
import { nameOrigin, sortOrigins, type Origin } from '../policy/origin.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { parsePattern, type Pattern } from '../subject/index.ts'
import { sortGaps, type Gap } from './gap.ts'
import { withoutOwnInbox } from './holders/held-by.ts'
import { createLines } from './holders/holders.ts'
import { describe, keyOf, type Described } from './population/described.ts'
import { populationOf, type Population } from './population/population.ts'
import { listedEntries, type Entry } from './what-can.ts'

export interface Review {
  readonly account: string
  readonly snapshotId: string
  readonly summary: ReviewSummary
  /** Known ones first, each part sorted by principal. */
  readonly members: readonly Member[]
  /** Who would live here, and is refused. */
  readonly refused: readonly RefusedMember[]
  /** DENY rules that speak of a member. */
  readonly denies: readonly Origin[]
  readonly complete: boolean
  readonly gaps: readonly Gap[]
}

export interface ReviewSummary {
  /** Known by name. */
  readonly principals: number
  /** Only described. */
  readonly patterns: number
  /** Who may log in, and then do nothing. */
  readonly idle: number
  readonly refused: number
  /** Entries that allow more than one subject, own inboxes left out. */
  readonly wildcards: number
  /** Who holds `>`; where a deny takes something from it, `without` says what. */
  readonly publishEverything: readonly Everything[]
  readonly subscribeEverything: readonly Everything[]
  readonly denies: number
}

export interface Everything {
  readonly principal: string
  readonly without: readonly string[]
}

export interface Member {
  /** Name, or a description: `any ServiceAccount of namespace shop`. */
  readonly principal: string
  readonly known: boolean
  /** The same principal under other names of the local trust domain, with the same rights. */
  readonly alsoAs?: readonly string[]
  readonly inbox: InboxKind
  /** AccountMap entries that place it here. */
  readonly accountRules: readonly Origin[]
  /** As in the user JWT, each with its rules; the own inbox of a description is `_INBOX_<own>.>`. */
  readonly entries: readonly Entry[]
  /** May answer what it receives. */
  readonly resp?: NonNullable<Permissions['resp']>
  readonly limits: Limits
  /** Granted, and not to be said in permission lists. */
  readonly shortfalls: readonly Shortfall[]
}

export interface RefusedMember {
  readonly principal: string
  readonly known: boolean
  readonly code: RefusalCode
  readonly rules: readonly Origin[]
}

export function reviewAccount(
  snapshot: Snapshot,
  serviceAccounts: readonly ServiceAccountRef[],
  decide: Decide,
  account: string,
): Review {
  const population = populationOf(snapshot, serviceAccounts)
  const { model, trustDomains } = snapshot
  const grants = new MatcherIndex(model.grants, trustDomains)
  const ceilings = new MatcherIndex(model.ceilings, trustDomains)
  const found: Found[] = []
  const refused: RefusedMember[] = []
  const denies: Origin[] = []
  const residents = residentsOf(population, account)
  for (const { principal, described } of residents.residents) {
    const decision = decide(snapshot, principal)
    const name = described?.description ?? principal.name
    const known = described === undefined
    const homes = population.accounts.matching(principal)
    if (decision.effect === 'deny') {
      if (homes.some((rule) => rule.account === account)) {
        refused.push({ principal: name, known, code: decision.code, rules: decision.rules })
      }
      continue
    }
    if (decision.account !== account) continue
    const standing = { account, ceilings: ceilings.matching(principal) }
    const rules = grants.matching(principal).filter((rule) => !outOfForce(rule, standing))
    for (const { effect, origin } of rules) if (effect === 'deny') denies.push(origin)
    const entries = listedEntries(decision.permissions.filtering, rules)
    const anyOnes = entries.map((entry) => ({ ...entry, entry: withoutOwnInbox(entry.entry, decision) }))
    const local = known ? population.aliases.get(name) : described.aliasOf
    found.push({
      local,
      rights: JSON.stringify([anyOnes, decision.inbox, decision.limits]),
      member: {
        principal: name,
        known,
        inbox: decision.inbox,
        accountRules: sortOrigins(homes.map(({ origin }) => origin)),
        entries: known ? entries : anyOnes,
        ...respOf(decision),
        limits: decision.limits,
        shortfalls: decision.shortfalls.filtering,
      },
    })
  }
  const members = foldAliases(found)
  const gaps = sortGaps([...residents.gaps, ...gapsOf(population, decide, account)])
  const inForce = sortOrigins(denies)
  return {
    account,
    snapshotId: snapshot.id,
    summary: summaryOf(members, refused, inForce),
    members,
    refused,
    denies: inForce,
    complete: gaps.length === 0,
    gaps,
  }
}

interface Found {
  readonly member: Member
  /** Of a name under an alias of the trust domain: the name under the local one. */
  readonly local: string | undefined
  /** Equal for the same rights. */
  readonly rights: string
}

function foldAliases(found: readonly Found[]): Member[] {
  const locals = new Map(found.filter(({ local }) => local === undefined).map((one) => [one.member.principal, one]))
  const also = new Map<Member, string[]>()
  const own = found.filter(({ member, local, rights }) => {
    const under = local === undefined ? undefined : locals.get(local)
    if (under?.rights !== rights) return true
    also.set(under.member, [...(also.get(under.member) ?? []), member.principal])
    return false
  })
  return own.map(({ member }) => {
    const alsoAs = also.get(member)
    return alsoAs === undefined ? member : { ...member, alsoAs }
  })
}

function respOf({ permissions }: Allowed): Pick<Member, 'resp'> {
  const { resp } = permissions.filtering
  return resp === undefined ? {} : { resp }
}

interface Resident {
  readonly principal: Principal
  readonly described?: Described
}

interface Residents {
  readonly residents: readonly Resident[]
  readonly gaps: readonly Gap[]
}

/** Whoever may live there: everybody known, and whom its own entries or a grant describe. */
function residentsOf(population: Population, account: string): Residents {
  const { model } = population.snapshot
  const described = new Map<string, Described>()
  const unsure: Origin[] = []
  for (const rule of model.accounts.filter((one) => one.account === account)) {
    for (const entry of rule.principals) {
      const found = describe([entry], population.world)
      for (const one of found.described) {
        if (!population.isKnownExactly(one.representative)) described.set(keyOf(one), one)
      }
      if (found.isUnsure) unsure.push(rule.origin)
    }
  }
  for (const { effect, principals } of model.grants) {
    if (effect !== 'allow') continue
    for (const entry of principals) {
      for (const one of population.describedIn(entry).described) described.set(keyOf(one), one)
    }
  }
  const sorted = [...described.values()].toSorted((a, b) => compareTexts(a.description, b.description))
  return {
    residents: [
      ...population.known.map((principal): Resident => ({ principal })),
      ...sorted.map((one): Resident => ({ principal: one.representative, described: one })),
    ],
    gaps: sortOrigins(unsure).map((origin): Gap => ({
      code: 'principals-unsure',
      message: `of ${nameOrigin(origin)} no example could be made of everybody whom it describes`,
      hint: 'name them, or describe them in another way',
    })),
  }
}

/** What keeps the answers to "who can do anything here" from being exact. */
function gapsOf(population: Population, decide: Decide, account: string): readonly Gap[] {
  const linesOf = createLines(population, decide)
  const everything = anything()
  return (['publish', 'subscribe'] as const).flatMap((action) => linesOf({ action, pattern: everything }, account).gaps)
}

function anything(): Pattern {
  const parsed = parsePattern('>')
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

function summaryOf(
  members: readonly Member[],
  refused: readonly RefusedMember[],
  denies: readonly Origin[],
): ReviewSummary {
  const known = members.filter((member) => member.known).length
  const allows = members.flatMap(({ entries }) => entries.filter(({ effect }) => effect === 'allow'))
  return {
    principals: known,
    patterns: members.length - known,
    idle: members.filter(({ entries }) => entries.every(({ effect }) => effect === 'deny')).length,
    refused: refused.length,
    wildcards: allows.filter(({ entry }) => isWide(entry)).length,
    publishEverything: everythingOf(members, 'publish'),
    subscribeEverything: everythingOf(members, 'subscribe'),
    denies: denies.length,
  }
}

function isWide(entry: string): boolean {
  const [subject = ''] = entry.split(' ')
  return !subject.startsWith('_INBOX') && subject.split('.').some((token) => token === '*' || token === '>')
}

function everythingOf(members: readonly Member[], action: Entry['action']): readonly Everything[] {
  return members.flatMap(({ principal, entries }): Everything[] => {
    const own = entries.filter((one) => one.action === action)
    if (!own.some(({ effect, entry }) => effect === 'allow' && entry === '>')) return []
    return [{ principal, without: own.filter(({ effect }) => effect === 'deny').map(({ entry }) => entry) }]
  })
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
