/** From single finds to ways: what one principal can do in the same manner through the same stream is one way. Pure. */
import type { Snapshot } from '../../policy/snapshot.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import { outOfForce } from '../../policy/in-force.ts'
import { sortOrigins, type Origin } from '../../policy/origin.ts'
import type { Action } from '../../policy/effective.ts'
import { minimise, overlaps, parsePattern, type Pattern } from '../../subject/index.ts'
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

export function waysOf(drafts: readonly Draft[], snapshot: Snapshot): Way[] {
  const groups = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const { kind, actor, subjectAccount, stream, certain, said } = draft
    const key = JSON.stringify([actor.name, actor.known, subjectAccount, kind, stream, certain, said])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [draft])
    else group.push(draft)
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group
      return first === undefined ? [] : [wayOf(first, group, snapshot)]
    })
}

function wayOf(first: Draft, group: readonly Draft[], snapshot: Snapshot): Way {
  const { kind, actor, subjectAccount, stream, content, certain, said, by } = first
  const uses = [...new Set(group.map(({ use }) => use))].toSorted()
  return {
    kind,
    principal: actor.name,
    known: actor.known,
    account: actor.decision.account,
    subjectAccount,
    ...(stream === undefined ? {} : { stream }),
    uses: uses.slice(0, MOST_USES),
    reaches: minimise(group.map(({ reaches }) => reaches))
      .map(({ text }) => text)
      .join(', '),
    ...(content === undefined ? {} : { content }),
    certain,
    explanation: said,
    rules: sortOrigins(sides(kind, by).flatMap((action) => rulesBehind(snapshot, actor, action, uses))),
  }
}

/** Who answers itself needs both. */
function sides(kind: WayKind, by: Action): readonly Action[] {
  return kind === 'service-reply' ? ['publish', 'subscribe'] : [by]
}

/** The allow rules in force for the principal that speak of any of the subjects. */
function rulesBehind(snapshot: Snapshot, actor: Actor, action: Action, uses: readonly string[]): Origin[] {
  const { principal, decision } = actor
  const { model, trustDomains } = snapshot
  const matchesMe = (rule: (typeof model.ceilings)[number] | (typeof model.grants)[number]): boolean =>
    matchesPrincipal(rule.principals, principal, trustDomains)
  const standing = { account: decision.account, ceilings: model.ceilings.filter(matchesMe) }
  const found = uses.flatMap((use) => {
    const subject = parsePattern(use.split(' ')[0] ?? '')
    if (!subject.ok) return []
    return grantsTouching(model, action, subject.value).filter(
      (rule) =>
        rule.effect === 'allow' &&
        matchesMe(rule) &&
        outOfForce(rule, standing) === undefined &&
        rule.grant.patterns.some((pattern) => overlaps(pattern, subject.value)),
    )
  })
  return sortOrigins(found.map(({ origin }) => origin))
}
