/**
 * Who may hold something of a pattern: whoever a rule speaks of that grants something there, by name or by description. Pure.
 * Nobody else is looked at: without such a rule a decision gives nothing of it. The own inbox comes with any request that is granted.
 */
import type { Principal } from '../../identity/principal.ts'
import type { Decide } from '../../policy/decide.ts'
import type { GrantRule } from '../../policy/model.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import type { Pattern } from '../../subject/index.ts'
import { grantsTouching } from '../grants-touching.ts'
import { keyOf, type Described } from '../population/described.ts'
import type { Population } from '../population/population.ts'
import type { WhoCanQuestion } from './holder.ts'

export interface Candidates {
  /** With the allow rules that speak of it and touch the pattern. */
  readonly known: ReadonlyMap<Principal, readonly GrantRule[]>
  readonly described: readonly Described[]
  /** That touch the pattern. */
  readonly allows: readonly GrantRule[]
  readonly denies: readonly GrantRule[]
  /** Rules by which somebody gets an inbox that the pattern meets. */
  readonly requests: readonly GrantRule[]
  /** That can take a request away, and the inbox with it. */
  readonly requestDenies: readonly GrantRule[]
  /** Rules whose principals may be more than those that are described. */
  readonly unsure: readonly GrantRule[]
  /** The pattern is of one private inbox, and nobody who is known has it. */
  readonly isStrangersInbox: boolean
}

const INBOX = '_INBOX'
const PRIVATE_INBOX = /^_INBOX_[0-9a-f]{32}$/

export class CandidateFinder {
  readonly #population: Population
  readonly #decide: Decide
  readonly #requests: readonly GrantRule[]
  #requestDenies: readonly GrantRule[] | undefined
  #owners: ReadonlyMap<string, Principal> | undefined

  constructor(population: Population, decide: Decide) {
    this.#population = population
    this.#decide = decide
    this.#requests = population.snapshot.model.grants.filter(isRequest)
  }

  find({ action, pattern }: WhoCanQuestion): Candidates {
    const touching = grantsTouching(this.#population.snapshot.model, action, pattern)
    const allows = touching.filter(({ effect }) => effect === 'allow')
    const owned = action === 'subscribe' ? inboxIn(pattern) : 'none'
    const requests = owned === 'none' ? [] : this.#requests
    const known = new Map<Principal, GrantRule[]>()
    for (const rule of allows) for (const principal of this.#knownTo(rule)) ruleOf(known, principal).push(rule)
    let isStrangersInbox = false
    if (owned === 'one') {
      const owner = this.#ownerOf(pattern.tokens[0] ?? '')
      if (owner === undefined) isStrangersInbox = true
      else ruleOf(known, owner)
    } else for (const rule of requests) for (const principal of this.#knownTo(rule)) ruleOf(known, principal)
    const described = new Map<string, Described>()
    const unsure: GrantRule[] = []
    // Of a private inbox that is spelled out, nobody's description can be the owner.
    for (const rule of owned === 'one' ? allows : [...allows, ...requests]) {
      for (const entry of rule.principals) {
        const residents = this.#population.describedIn(entry)
        for (const one of residents.described) described.set(keyOf(one), one)
        if (residents.isUnsure) unsure.push(rule)
      }
    }
    return {
      known,
      described: [...described.values()],
      allows,
      denies: touching.filter(({ effect }) => effect === 'deny'),
      requests,
      requestDenies: requests.length === 0 ? [] : this.#deniesOfRequests(),
      unsure,
      isStrangersInbox,
    }
  }

  /** Each once. */
  #knownTo({ principals }: GrantRule): Iterable<Principal> {
    const [first, ...more] = principals
    if (first !== undefined && more.length === 0) return this.#population.knownIn(first)
    return new Set(principals.flatMap((entry) => this.#population.knownIn(entry)))
  }

  #deniesOfRequests(): readonly GrantRule[] {
    this.#requestDenies ??= deniesOf(this.#requests, this.#population.snapshot)
    return this.#requestDenies
  }

  #ownerOf(inbox: string): Principal | undefined {
    this.#owners ??= ownersOf(this.#population, this.#decide)
    return this.#owners.get(inbox)
  }
}

export function isRequest({ effect, grant }: GrantRule): boolean {
  return effect === 'allow' && grant.verb === 'request'
}

function ruleOf(known: Map<Principal, GrantRule[]>, principal: Principal): GrantRule[] {
  let rules = known.get(principal)
  if (rules === undefined) {
    rules = []
    known.set(principal, rules)
  }
  return rules
}

/** Whose inboxes the pattern meets: nobody's, that of one principal, or those of many. */
function inboxIn({ tokens: [first = ''] }: Pattern): 'none' | 'one' | 'many' {
  if (first === '>' || first === '*' || first === INBOX) return 'many'
  return PRIVATE_INBOX.test(first) ? 'one' : 'none'
}

function deniesOf(requests: readonly GrantRule[], { model }: Snapshot): readonly GrantRule[] {
  const denies = new Set<GrantRule>()
  for (const { grant } of requests) {
    for (const pattern of grant.patterns) {
      for (const rule of grantsTouching(model, 'publish', pattern)) if (rule.effect === 'deny') denies.add(rule)
    }
  }
  return [...denies]
}

/** By inbox prefix. Everybody is decided about, once for a snapshot. */
function ownersOf(
  { known, snapshot }: { readonly known: readonly Principal[]; readonly snapshot: Snapshot },
  decide: Decide,
): ReadonlyMap<string, Principal> {
  return new Map(
    known.flatMap((principal): [string, Principal][] => {
      const decision = decide(snapshot, principal)
      return decision.effect === 'allow' && decision.inbox === 'private' ? [[decision.inboxPrefix, principal]] : []
    }),
  )
}
