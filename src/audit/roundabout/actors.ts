/**
 * Who could go a roundabout way: everybody who can log in, with what they may send to the JetStream API of their account, of a domain,
 * or of an account whose API theirs imports. Worked out once for a snapshot; most principals have nothing to do with JetStream. Pure.
 */
import type { Principal } from '../../identity/principal.ts'
import type { Allowed, Decision, PermissionList } from '../../policy/decision.ts'
import { isDenied } from '../../policy/covered-entries.ts'
import { entryOf, type Entry } from '../../policy/entry.ts'
import { EntryIndex } from '../../policy/entry-index.ts'
import { intersect, PatternIndex, type Pattern } from '../../subject/index.ts'
import { entriesIn } from '../list-entries.ts'
import type { AccountImport, Topology } from '../topology.ts'
import { API_SHAPES, type ApiShape, type ApiVerb } from './api-shapes.ts'
import { mapOf } from './steps.ts'
import { mapBackward, mapForward } from './subject-map.ts'
import { writtenPattern } from './written-pattern.ts'

/** A member of the population that is asked about. */
export interface Person {
  /** Name of a known principal, or the description of a pattern of principals. */
  readonly name: string
  readonly known: boolean
  /** The principal itself, or one that stands for the pattern. */
  readonly principal: Principal
  /** Its name in the local trust domain, when it goes by another one here. */
  readonly aliasOf?: string
}

export interface Actor extends Person {
  readonly decision: Allowed
  readonly publish: Side
  readonly subscribe: Side
}

export interface Side {
  readonly allow: readonly Entry[]
  readonly deny: readonly Entry[]
  readonly denies: EntryIndex
}

/** A part of a publish allow that reaches the JetStream API. */
export interface Right {
  readonly actor: Actor
  readonly shape: ApiShape
  /** As the account with the streams sees it, under `$JS.API`. */
  readonly pattern: Pattern
  /** Whose streams. */
  readonly account: string
  /** Of another JetStream domain: reached by clients of a leaf node. */
  readonly domain?: string
  /** The API comes through this import. */
  readonly imported?: AccountImport
}

export interface Actors {
  readonly all: readonly Actor[]
  /** Who may answer: NATS `resp`. */
  readonly responders: readonly Actor[]
  /** Of whoever reaches the streams of the account; only those that speak of one of the streams, when these are given. */
  rights(account: string, verb: ApiVerb, streams?: readonly string[]): readonly Right[]
  /** Of whoever lives in the account, wherever the streams are. */
  residents(account: string, verb: ApiVerb): readonly Right[]
  /** JetStream domains that somebody may reach through a leaf node. */
  readonly domains: ReadonlySet<string>
  publishers(account: string): PatternIndex<Held>
  subscribers(account: string): PatternIndex<Held>
}

/** One entry of somebody's list. */
export interface Held {
  readonly actor: Actor
  readonly entry: Entry
}

const NOBODY: readonly Right[] = []

export function indexActors(
  population: readonly Person[],
  decide: (principal: Principal) => Decision,
  topology: Topology | undefined,
): Actors {
  const all: Actor[] = []
  const rights = new Map<string, Right[]>()
  const byStream = new Map<string, Right[]>()
  const residents = new Map<string, Right[]>()
  const domains = new Set<string>()
  const publishers = new Map<string, PatternIndex<Held>>()
  const subscribers = new Map<string, PatternIndex<Held>>()
  const rightsByName = new Map<string, string>()
  // Who goes by several names with the same rights is told once, under the first.
  for (const person of population.toSorted(
    (a, b) => Number(a.aliasOf !== undefined) - Number(b.aliasOf !== undefined),
  )) {
    const decision = decide(person.principal)
    if (decision.effect !== 'allow') continue
    const spelled = spell(decision)
    rightsByName.set(person.name, spelled)
    if (person.aliasOf !== undefined && rightsByName.get(person.aliasOf) === spelled) continue
    const { pub, sub } = decision.permissions.filtering
    const actor: Actor = {
      ...person,
      decision,
      publish: sideOf(pub),
      subscribe: sideOf(sub),
    }
    all.push(actor)
    const { account } = decision
    for (const entry of actor.publish.allow) inAccount(publishers, account).add(entry.pattern, { actor, entry })
    for (const entry of actor.subscribe.allow) inAccount(subscribers, account).add(entry.pattern, { actor, entry })
    for (const right of rightsOf(actor, topology)) {
      if (topology?.accounts.get(right.account)?.jetStream === false) continue
      if (right.domain !== undefined) domains.add(right.domain)
      put(rights, keyOf(right.account, right.shape.verb), right)
      put(byStream, `${keyOf(right.account, right.shape.verb)} ${streamIn(right)}`, right)
      put(residents, keyOf(account, right.shape.verb), right)
    }
  }
  return {
    all,
    responders: all.filter(({ decision }) => decision.permissions.filtering.resp !== undefined),
    rights(account, verb, streams) {
      const key = keyOf(account, verb)
      if (streams === undefined) return rights.get(key) ?? NOBODY
      return ['*', ...streams].flatMap((stream) => byStream.get(`${key} ${stream}`) ?? NOBODY)
    },
    residents: (account, verb) => residents.get(keyOf(account, verb)) ?? NOBODY,
    domains,
    publishers: (account) => inAccount(publishers, account),
    subscribers: (account) => inAccount(subscribers, account),
  }
}

function sideOf({ allow, deny }: PermissionList): Side {
  const denied = entriesIn(deny)
  return { allow: entriesIn(allow), deny: denied, denies: new EntryIndex(denied) }
}

/** Whether the denies leave nothing of it. */
export function isShut({ denies }: Side, pattern: Pattern, queue?: Pattern): boolean {
  return isDenied(entryOf(pattern, queue), denies)
}

/** The name of the stream, or `*`. */
export function streamIn({ pattern, shape }: Right): string {
  return (shape.stream === undefined ? undefined : pattern.tokens[shape.stream]) ?? '*'
}

/** The same for the same rights, in whoever's own inbox. */
function spell({ account, permissions, inboxPrefix }: Allowed): string {
  return JSON.stringify([account, permissions.filtering]).replaceAll(inboxPrefix, '_INBOX')
}

function put(rights: Map<string, Right[]>, key: string, right: Right): void {
  const known = rights.get(key)
  if (known === undefined) rights.set(key, [right])
  else known.push(right)
}

function keyOf(account: string, verb: ApiVerb): string {
  return `${verb} ${account}`
}

function inAccount(indexes: Map<string, PatternIndex<Held>>, account: string): PatternIndex<Held> {
  let index = indexes.get(account)
  if (index === undefined) {
    index = new PatternIndex()
    indexes.set(account, index)
  }
  return index
}

function rightsOf(actor: Actor, topology: Topology | undefined): Right[] {
  const { account } = actor.decision
  const services = (topology?.accounts.get(account)?.imports ?? []).filter(({ kind }) => kind === 'service')
  return actor.publish.allow.flatMap((entry) => {
    const { pattern } = entry
    const [first] = pattern.tokens
    const own = first === '$JS' || first === '*' || first === '>' ? ownRights(actor, pattern) : []
    return services.length === 0 ? own : [...own, ...services.flatMap((one) => importedRights(actor, pattern, one))]
  })
}

/** What stands behind `$JS.` and is no domain. */
const NO_DOMAINS: ReadonlySet<string> = new Set(['ACK', 'API', 'EVENT', 'FC', 'SNAPSHOT'])

function ownRights(actor: Actor, allow: Pattern): Right[] {
  const { account } = actor.decision
  return API_SHAPES.flatMap((shape): Right[] => {
    const pattern = intersect(allow, shape.pattern)
    if (pattern !== undefined) return [{ actor, shape, pattern, account }]
    const far = shape.inDomain === undefined ? undefined : intersect(allow, shape.inDomain)
    const domain = far?.tokens[1]
    if (domain !== undefined && NO_DOMAINS.has(domain)) return []
    const near = far === undefined ? undefined : intersect(shape.pattern, withoutDomain(far))
    return near === undefined || domain === undefined ? [] : [{ actor, shape, pattern: near, account, domain }]
  })
}

function importedRights(actor: Actor, allow: Pattern, imported: AccountImport): Right[] {
  return API_SHAPES.flatMap((shape): Right[] => {
    const here = mapForward(mapOf(imported), shape.pattern)
    const may = here === undefined ? undefined : intersect(allow, here.pattern)
    const there = may === undefined ? undefined : mapBackward(mapOf(imported), may)
    const pattern = there === undefined ? undefined : intersect(there.pattern, shape.pattern)
    return pattern === undefined ? [] : [{ actor, shape, pattern, account: imported.account, imported }]
  })
}

/** `$JS.hub.API.INFO` as the servers of the domain hear it: `$JS.API.INFO`. */
function withoutDomain({ tokens }: Pattern): Pattern {
  return writtenPattern([tokens[0] ?? '', ...tokens.slice(2)].join('.'))
}
