/** From single finds to ways: what principals can do in the same manner, through the same stream, by the same rules, is one way. Pure. */
import { groupBy } from '../../lib/group-by.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import { outOfForce } from '../../policy/in-force.ts'
import type { GrantRule } from '../../policy/model.ts'
import { sortOrigins, type Origin } from '../../policy/origin.ts'
import type { Action } from '../../policy/effective.ts'
import { minimise, parsePattern, type Pattern } from '../../subject/index.ts'
import { grantsTouching } from '../grants-touching.ts'
import type { Actor } from './actors.ts'
import type { Way, WayKind } from './way.ts'

export interface Draft {
  readonly kind: WayKind
  readonly actor: Actor
  /** Where the subject is. */
  readonly subjectAccount: string
  readonly stream?: string
  /** Whether it is used by publishing or by subscribing to it. */
  readonly by: Action
  readonly use: string
  readonly reaches: Pattern
  readonly content?: Way['content']
  readonly certain: boolean
  /** A sentence without a subject: `makes a consumer of stream ORDERS`. */
  readonly said: string
}

/** More subjects of one way would not be read. */
const MOST_USES = 8

/** What one principal can do in one manner. */
interface Single {
  readonly first: Draft
  /** Sorted. */
  readonly uses: readonly string[]
  readonly reaches: string
}

/** Principals who do the same by the same rules are one way. */
export function waysOf(drafts: readonly Draft[], snapshot: Snapshot): Way[] {
  const singles = [...groupBy(drafts, mannerOf).values()].map(singleOf)
  return [...groupBy(singles, sameOf).values()].flatMap((alike) => {
    const [{ first, uses }] = alike
    const rulesOf = rulesBehind(snapshot, first, uses)
    return [...groupBy(alike, ({ first: { actor } }) => rulesOf(actor)).values()].map((same) => wayOf(same, rulesOf))
  })
}

function mannerOf({ kind, actor, subjectAccount, stream, certain, said }: Draft): string {
  return JSON.stringify([actor.name, actor.known, subjectAccount, kind, stream, certain, said])
}

function singleOf(drafts: readonly [Draft, ...Draft[]]): Single {
  return {
    first: drafts[0],
    uses: [...new Set(drafts.map(({ use }) => use))].toSorted(),
    reaches: minimise(drafts.map(({ reaches }) => reaches))
      .map(({ text }) => text)
      .join(', '),
  }
}

/** All that is said of a way besides the principal and the rules. */
function sameOf({ first, uses, reaches }: Single): string {
  const { kind, actor, subjectAccount, stream, content, certain, said, by } = first
  const { account } = actor.decision
  return JSON.stringify([actor.known, account, subjectAccount, kind, stream, content, certain, said, by, uses, reaches])
}

function wayOf(same: readonly [Single, ...Single[]], rulesOf: RulesOf): Way {
  const [{ first, uses, reaches }] = same
  const { kind, actor, subjectAccount, stream, content, certain, said } = first
  const [principal = actor.name, ...alsoBy] = same.map((single) => single.first.actor.name).toSorted()
  return {
    kind,
    principal,
    known: actor.known,
    account: actor.decision.account,
    subjectAccount,
    ...(stream === undefined ? {} : { stream }),
    uses: uses.slice(0, MOST_USES),
    reaches,
    ...(content === undefined ? {} : { content }),
    certain,
    explanation: said,
    rules: rulesOf(actor),
    ...(alsoBy.length === 0 ? {} : { alsoBy }),
  }
}

/** Who answers itself needs both. */
function sides({ kind, by }: Draft): readonly Action[] {
  return kind === 'service-reply' ? ['publish', 'subscribe'] : [by]
}

type RulesOf = (actor: Actor) => readonly Origin[]

/**
 * The allow rules in force for a principal that speak of any of the subjects.
 * @returns the same list for all who have the same rules.
 */
function rulesBehind({ model, trustDomains }: Snapshot, draft: Draft, uses: readonly string[]): RulesOf {
  const touching = new Set(
    uses.flatMap((use) => {
      const subject = parsePattern(use.split(' ')[0] ?? '')
      return subject.ok ? sides(draft).flatMap((action) => grantsTouching(model, action, subject.value)) : []
    }),
  )
  const allows = [...touching].filter(({ effect }) => effect === 'allow')
  const known = new Map<string, readonly Origin[]>()
  return ({ principal, decision: { account } }) => {
    const matchesMe = ({ principals }: Pick<GrantRule, 'principals'>): boolean =>
      matchesPrincipal(principals, principal, trustDomains)
    const mine = [...allows.entries()].filter(([, rule]) => matchesMe(rule))
    const ceilings = mine.some(([, { needsCeiling }]) => needsCeiling) ? model.ceilings.filter(matchesMe) : []
    const inForce = mine.filter(([, rule]) => outOfForce(rule, { account, ceilings }) === undefined)
    const key = inForce.map(([position]) => position).join(' ')
    const rules = known.get(key) ?? sortOrigins(inForce.map(([, { origin }]) => origin))
    known.set(key, rules)
    return rules
  }
}
