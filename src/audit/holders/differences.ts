/**
 * Where members of a group may hold more or less than its representative, by rules that speak of some of them. Pure.
 * Each difference is looked for among the rules that touch the pattern; what none of them can make does not open a gap.
 */
import type { Allowed, Decision } from '../../policy/decision.ts'
import { matchesEntry, matchesPrincipal } from '../../policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../../policy/matcher.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import { coversTogether, overlaps, parsePattern, type Pattern } from '../../subject/index.ts'
import { grantsTouching } from '../grants-touching.ts'
import { sortGaps, type Gap } from '../gap.ts'
import { entriesIn } from '../list-entries.ts'
import { saysNot } from '../population/described.ts'
import { oppositesOf } from '../population/opposites.ts'
import type { WhoCanQuestion } from './holder.ts'
import type { Candidates } from './candidates.ts'
import { gapOf, type DifferenceKind } from './gaps.ts'
import type { HeldBy } from './held-by.ts'
import type { Group, Rulebook } from './line.ts'

/** Each try may make somebody up. Beyond so many in one question a rule counts as one that speaks of some members. */
const MOST_TRIES = 50_000

interface RuleOf {
  readonly principals: Matcher
  readonly origin: Origin
}

export class Differences {
  readonly #book: Rulebook
  readonly #question: WhoCanQuestion
  readonly #found: Candidates
  /** What was found, with whom and by which rule. */
  readonly #told = new Map<DifferenceKind, Map<string, Set<string>>>()
  #tries = 0

  constructor(book: Rulebook, question: WhoCanQuestion, found: Candidates) {
    this.#book = book
    this.#question = question
    this.#found = found
    for (const rule of found.unsure) this.#tell('principals-unsure', nameOrigin(rule.origin), '')
    if (found.isStrangersInbox) this.#tell('inbox-owner-unknown', question.pattern.text, '')
  }

  tooMany(): void {
    this.#tell('principals-too-many', this.#question.pattern.text, '')
  }

  unsure({ described }: Group): void {
    this.#tell('principals-unsure', described.description, '')
  }

  /** What the lists of the representative could not say, the lists of members may be able to say, as other rights come in. */
  decided({ described }: Group, decision: Decision): void {
    if (decision.effect === 'deny') {
      if (decision.code === 'PERMISSIONS_TOO_LARGE')
        this.#tell('members-given-less', described.description, decision.code)
      return
    }
    const lost = decision.shortfalls.filtering.find(({ pattern }) => this.#isAsked(pattern))
    if (lost !== undefined) this.#tell('members-given-less', described.description, lost.pattern)
  }

  /** Rules that may take something from members. */
  held(group: Group, decision: Allowed, held: HeldBy): void {
    this.#deniedMembers(group, held)
    this.#cappedMembers(group, held)
    this.#membersElsewhere(group, held)
    this.#excludedMembers(group)
    this.#combiningMembers(group, decision)
  }

  gaps(more: readonly Gap[]): Gap[] {
    const own = [...this.#told].map(([kind, about]) => gapOf(kind, about))
    return sortGaps([...own, ...more])
  }

  #deniedMembers(group: Group, { entries }: HeldBy): void {
    for (const rule of this.#found.denies) {
      const meets = rule.grant.patterns.some((pattern) => entries.some((entry) => overlaps(entry.pattern, pattern)))
      if (meets && this.#speaksOfSome(rule, group)) this.#tellOf('members-denied', group, rule)
    }
    for (const rule of this.#found.requestDenies) {
      if (this.#speaksOfSome(rule, group)) this.#tellOf('members-denied', group, rule)
    }
  }

  #cappedMembers(group: Group, { entries }: HeldBy): void {
    const { ceilings, population } = this.#book
    if (ceilings.matching(group.described.representative).length > 0) return
    for (const rule of population.snapshot.model.ceilings) {
      if (!this.#speaksOfSome(rule, group)) continue
      const list = rule[this.#question.action]
      // Without the request there is no inbox.
      const isSpared =
        this.#found.requests.length === 0 && entries.every(({ pattern }) => coversTogether(list, pattern))
      if (!isSpared) this.#tellOf('members-capped', group, rule)
    }
  }

  #membersElsewhere(group: Group, { account }: HeldBy): void {
    const { accounts, population } = this.#book
    const own = accounts.matching(group.described.representative)
    const [inbox] = own.map((rule) => rule.inbox)
    for (const rule of population.snapshot.model.accounts) {
      if (own.includes(rule)) continue
      // Of two entries that disagree on the inbox, the private one wins.
      const isElsewhere = rule.account !== account || (this.#found.requests.length > 0 && rule.inbox !== inbox)
      if (isElsewhere && this.#speaksOfSome(rule, group)) this.#tellOf('members-elsewhere', group, rule)
    }
  }

  /** A rule that gives to whoever is not somebody, and a member may be. */
  #excludedMembers(group: Group): void {
    const { described } = group
    const { world } = this.#book.population
    for (const rule of [...this.#found.allows, ...this.#found.requests]) {
      const matching = rule.principals.filter((entry) =>
        matchesEntry(entry, described.representative, world.trustDomains),
      )
      if (matching.length === 0 || !matching.every(saysNot)) continue
      const isOpen = matching.every((entry) => oppositesOf(entry).some((opposite) => this.#mayMeet(group, opposite)))
      if (isOpen) this.#tellOf('members-excluded', group, rule)
    }
  }

  /** Lists that say one right and another may have to give up a part of one of them. */
  #combiningMembers(group: Group, decision: Allowed): void {
    const { population, requests } = this.#book
    const { model } = population.snapshot
    const { action } = this.#question
    const own = this.#found.allows.filter((rule) => this.#speaksOfAll(rule, group))
    const near = new Set<GrantRule>()
    for (const pattern of action === 'subscribe' ? this.#belowStars(decision) : []) {
      for (const rule of grantsTouching(model, 'subscribe', pattern)) if (rule.effect === 'allow') near.add(rule)
      if (isInboxTouching(pattern)) for (const rule of requests) near.add(rule)
    }
    const denied = [...this.#found.denies, ...this.#found.requestDenies].filter((rule) =>
      this.#speaksOfAll(rule, group),
    )
    const holes = [...own, ...denied].flatMap(({ grant }) => grant.except ?? [])
    for (const rule of [...this.#found.allows, ...this.#found.requests]) {
      if (holes.length > 0 || rule.grant.except !== undefined) near.add(rule)
    }
    if (action === 'subscribe' && holes.some(isInboxTouching)) for (const rule of requests) near.add(rule)
    for (const rule of near) {
      if (this.#speaksOfSome(rule, group)) {
        this.#tellOf('members-combine', group, rule)
        return
      }
    }
  }

  /** Below entries that end with a star, which the lists must guard. */
  #belowStars({ permissions }: Allowed): readonly Pattern[] {
    const { pattern } = this.#question
    return entriesIn(permissions.filtering.sub.allow)
      .filter((entry) => entry.pattern.tokens.at(-1) === '*' && overlaps(entry.pattern, pattern))
      .flatMap((entry) => {
        const below = parsePattern(`${entry.pattern.text}.>`)
        return below.ok ? [below.value] : []
      })
  }

  #speaksOfAll({ principals }: RuleOf, { described }: Group): boolean {
    return matchesPrincipal(principals, described.representative, this.#book.population.world.trustDomains)
  }

  /** Of some members, as far as can be known, and not of the representative. */
  #speaksOfSome(rule: RuleOf, group: Group): boolean {
    return !this.#speaksOfAll(rule, group) && rule.principals.some((entry) => this.#mayMeet(group, entry))
  }

  #mayMeet({ described }: Group, entry: MatcherEntry): boolean {
    // Counted whether or not the answer is remembered: a question has one answer, however often it is asked.
    this.#tries += 1
    return this.#tries > MOST_TRIES || this.#book.meetings.mayMeet(described, entry)
  }

  /** @param entry of a permission list */
  #isAsked(entry: string): boolean {
    const pattern = parsePattern(entry.split(' ')[0] ?? '')
    // What of a request could not be said may have taken the inbox away.
    return !pattern.ok || this.#found.requests.length > 0 || overlaps(this.#question.pattern, pattern.value)
  }

  #tellOf(kind: DifferenceKind, { described }: Group, { origin }: RuleOf): void {
    this.#tell(kind, described.description, nameOrigin(origin))
  }

  #tell(kind: DifferenceKind, about: string, by: string): void {
    let told = this.#told.get(kind)
    if (told === undefined) {
      told = new Map()
      this.#told.set(kind, told)
    }
    const rules = told.get(about)
    if (rules === undefined) told.set(about, new Set([by]))
    else rules.add(by)
  }
}

/** Whether an own inbox can be among the subjects. */
function isInboxTouching({ tokens: [first = ''] }: Pattern): boolean {
  return first === '*' || first === '>' || first.startsWith('_INBOX')
}
