/**
 * Who reads or writes the subjects of a pattern without holding them: docs/roundabout-ways.md. Pure, and quick: what principals may
 * send to JetStream is sorted by what it does when the first question comes, and kept as long as the function.
 * Each way is one that one principal goes alone, through what is set up in streams and accounts; several ways in a row, and several
 * principals who help each other, are not looked for.
 */
import type { ServiceAccountRef } from '../../identity/spiffe-id.ts'
import type { Decide } from '../../policy/decide.ts'
import type { Action } from '../../policy/effective.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import type { Pattern } from '../../subject/index.ts'
import { isWhole } from '../extent.ts'
import { sortGaps } from '../gap.ts'
import { populationOf } from '../population/population.ts'
import type { Topology } from '../topology.ts'
import { indexActors, type Actor, type Actors, type Person } from './actors.ts'
import { answeredDrafts, isReserved } from './answered.ts'
import type { Asked } from './configuring.ts'
import { waysOf, type Draft } from './draft.ts'
import { gapsOf, type Looked } from './gaps.ts'
import { holdingsOf } from './held-streams.ts'
import { peopleOf } from './people.ts'
import { placesLeadingTo, placesReached, type Places } from './places.ts'
import { readingDrafts } from './reading.ts'
import type { RoundaboutWays, Way } from './way.ts'
import { foldWholeApi } from './whole-api.ts'
import { apiDrafts, isRefused, writingDrafts } from './writing.ts'
import { EVERYTHING } from './written-pattern.ts'

export interface WaysQuestion {
  readonly action: Action
  readonly pattern: Pattern
}

const NOTHING_KNOWN: Topology = { accounts: new Map() }

/**
 * @param serviceAccounts that exist, whether or not a rule names them; of the local trust domain.
 * @param topology absent: nothing is known but what the names of buckets say, and gaps tell so.
 */
export function createRoundabout(
  snapshot: Snapshot,
  serviceAccounts: readonly ServiceAccountRef[],
  decide: Decide,
  topology?: Topology,
): (question: WaysQuestion) => RoundaboutWays {
  let ask: ReturnType<typeof createWaysAmong> | undefined
  return (question) => {
    ask ??= createWaysAmong(peopleOf(populationOf(snapshot, serviceAccounts)), snapshot, decide, topology)
    return ask(question)
  }
}

/** As {@link createRoundabout}, of a population that is given. */
export function createWaysAmong(
  population: readonly Person[],
  snapshot: Snapshot,
  decide: Decide,
  topology?: Topology,
): (question: WaysQuestion) => RoundaboutWays {
  const actors = indexActors(population, (principal) => decide(snapshot, principal), topology)
  const accounts = [...new Set(actors.all.map(({ decision }) => decision.account))].toSorted()
  const standing = new Map<string, readonly Way[]>()

  /** Ways onto any subject of the account; which one makes no difference. */
  function ontoAnything(account: string): readonly Way[] {
    let ways = standing.get(account)
    if (ways === undefined) {
      const asked = askedOf(account, EVERYTHING, topology)
      const api = foldWholeApi(apiDrafts(asked, actors, topology), actors)
      const whole = new Set(api.filter(({ kind }) => kind === 'whole-api').map(({ actor }) => actor))
      const answered = answeredDrafts(account, actors, topology).filter(
        ({ kind, actor }) => kind !== 'server-answer' || !whole.has(actor),
      )
      ways = inOrder(waysOf([...api, ...answered], snapshot))
      standing.set(account, ways)
    }
    return ways
  }

  return ({ action, pattern }) => {
    const looked: Looked[] = []
    const ways = [...new Set([...accounts, ...(topology?.accounts.keys() ?? [])])].flatMap(
      (account): readonly Way[] => {
        const asked = askedOf(account, pattern, topology)
        const { drafts, places } = look(action, asked, actors, topology)
        looked.push({ account, cut: places.cut })
        const holders = holdersOf(action, asked, actors)
        const needed = drafts.filter((draft) => !holdsIt(draft, action, holders))
        const own = inOrder(waysOf(foldWholeApi(needed, actors), snapshot))
        return action === 'subscribe' ? own : merge(own, reaching(ontoAnything(account), asked, holders, topology))
      },
    )
    return { ways, gaps: sortGaps(gapsOf(accounts, looked, actors, topology)) }
  }
}

function reaching(
  ways: readonly Way[],
  asked: Asked,
  holders: ReadonlySet<Actor>,
  topology: Topology | undefined,
): readonly Way[] {
  const { pattern } = asked
  const isUnspeakable = isReserved(pattern)
  const reaches = pattern.text
  const held = [...holders].filter(({ decision }) => isWhole(decision.permissions.filtering.pub, pattern))
  const left = withoutHolders(ways, held, asked.account).filter(
    (way) => !(isUnspeakable && BY_REPLY.has(way.kind)) && !isRefused(way, asked, topology),
  )
  return left.map((way) => ({ ...way, reaches }))
}

/** Nothing roundabout is needed for what is held. @param ways in order, as those that are left are */
function withoutHolders(ways: readonly Way[], holders: readonly Actor[], account: string): readonly Way[] {
  if (holders.length === 0) return ways
  const holding = new Set(holders.map(({ name, known }) => nameOf({ principal: name, known })))
  let isRenamed = false
  const left = ways.flatMap((way): readonly Way[] => {
    if (way.account !== account) return [way]
    const { alsoBy: others = [], ...rest } = way
    const all = [way.principal, ...others]
    const [principal, ...alsoBy] = all.filter((name) => !holding.has(nameOf({ principal: name, known: way.known })))
    if (principal === undefined) return []
    if (alsoBy.length === others.length) return [way]
    isRenamed ||= principal !== way.principal
    return [{ ...rest, principal, ...(alsoBy.length === 0 ? {} : { alsoBy }) }]
  })
  return isRenamed ? inOrder(left) : left
}

/** A reply subject that clients may not name cannot be reached so. */
const BY_REPLY: ReadonlySet<Way['kind']> = new Set<Way['kind']>([
  'direct-get',
  'message-get',
  'consumer-next',
  'server-answer',
  'service-reply',
  'reply-reflection',
])

function askedOf(account: string, pattern: Pattern, topology: Topology | undefined): Asked {
  return {
    account,
    pattern,
    isSure(name) {
      const { jetStream, streams = [] } = topology?.accounts.get(name) ?? {}
      return jetStream ?? streams.length > 0
    },
    existing: (name) =>
      topology?.accounts.get(name)?.streams?.map((one) => ({ name: one.name, isMirror: one.mirror !== undefined })),
  }
}

function look(
  action: Action,
  asked: Asked,
  actors: Actors,
  topology: Topology | undefined,
): { readonly drafts: readonly Draft[]; readonly places: Places } {
  const { account, pattern } = asked
  const known = topology ?? NOTHING_KNOWN
  if (action === 'subscribe') {
    const places = placesReached(known, account, pattern)
    return { places, drafts: readingDrafts(asked, holdingsOf(places.places, topology), actors) }
  }
  const places = placesLeadingTo(known, account, pattern)
  return { places, drafts: writingDrafts(asked, places.places, actors, topology) }
}

/** Who holds something of the pattern in its account. */
function holdersOf(action: Action, { account, pattern }: Asked, actors: Actors): ReadonlySet<Actor> {
  const index = action === 'publish' ? actors.publishers(account) : actors.subscribers(account)
  return new Set(index.overlapping(pattern).map(({ actor }) => actor))
}

/** Nothing roundabout is needed for what is held. */
function holdsIt({ actor, reaches, subjectAccount }: Draft, action: Action, holders: ReadonlySet<Actor>): boolean {
  if (actor.decision.account !== subjectAccount || !holders.has(actor)) return false
  const { pub, sub } = actor.decision.permissions.filtering
  return isWhole(action === 'publish' ? pub : sub, reaches)
}

function nameOf({ principal, known }: Pick<Way, 'principal' | 'known'>): string {
  return `${known} ${principal}`
}

/** Certain ones first, then known principals, by name. */
function keyOf({ known, principal, certain, kind, subjectAccount, stream = '', explanation }: Way): string {
  return JSON.stringify([certain ? 0 : 1, known ? 0 : 1, principal, kind, subjectAccount, stream, explanation])
}

function inOrder(ways: readonly Way[]): Way[] {
  const keyed = ways.map((way) => ({ way, key: keyOf(way) }))
  return keyed.toSorted((a, b) => compareTexts(a.key, b.key)).map(({ way }) => way)
}

/** Of two lists in order, one of which may be long. */
function merge(few: readonly Way[], many: readonly Way[]): Way[] {
  const left = few.map((way) => ({ way, key: keyOf(way) }))
  if (left.length === 0) return [...many]
  const all: Way[] = []
  let at = 0
  for (const way of many) {
    for (let next = left[at]; next !== undefined && compareTexts(next.key, keyOf(way)) <= 0; next = left[++at])
      all.push(next.way)
    all.push(way)
  }
  return [...all, ...left.slice(at).map((one) => one.way)]
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
