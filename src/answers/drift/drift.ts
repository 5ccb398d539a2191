/**
 * Where HTTP rights and NATS rights of the same service differ, and why. Pure.
 * Nothing is compared in theory: subjects that stand for all others are asked of Istio's evaluator, as the operations they stand
 * for, and of the decision that a login gets, for everybody whom rules name or describe.
 */
import { grantsTouching } from '../../audit/grants-touching.ts'
import type { RuledRoutes } from '../../compile/index.ts'
import { workloadPrincipal } from '../../identity/principal.ts'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import { callerAttributesOf, type CompiledRule, type PathMatch } from '../../istio/index.ts'
import type { Decide } from '../../policy/decide.ts'
import type { GrantRule } from '../../policy/model.ts'
import { samplesOf, type Route, type RouteOperation, type Sample } from '../../route/index.ts'
import { matches, overlapsAny, type Pattern } from '../../subject/index.ts'
import type { AskedPolicy } from '../policy.ts'
import { Callers, type CallerGroup } from './callers.ts'
import { askHttp, together, type HttpSays } from './http-side.ts'
import type { Drift, DriftLine, DriftNote } from './line.ts'
import { Lines } from './lines.ts'
import { holds, importsOf, isReached } from './nats-side.ts'
import { Notes } from './notes.ts'
import { whyLess, whyMore, type Because, type Judging } from './reasons.ts'
import { regionsOf } from './regions.ts'

/** Kinds of subjects of one operation of a route. */
const MOST_SAMPLES = 2000

export function driftOf(policy: AskedPolicy, decide: Decide): Drift {
  const callers = new Callers(policy, decide)
  const lines: DriftLine[] = []
  const notes: DriftNote[] = []
  let complete = true
  for (const ruled of policy.routed) {
    const found = new Service(ruled, { policy, decide, callers }).compare()
    lines.push(...found.lines)
    notes.push(...found.notes)
    complete &&= found.isComplete
  }
  return { snapshotId: policy.snapshot.id, services: policy.routed.length, lines, notes, complete }
}

interface Surroundings {
  readonly policy: AskedPolicy
  readonly decide: Decide
  readonly callers: Callers
}

/** One operation of one route, and the subjects that stand for all of its subjects. */
interface Place {
  readonly route: Route
  readonly operation: RouteOperation
  /** `GET /orders/{id}` */
  readonly name: string
  readonly samples: readonly Sample[]
}

class Service {
  readonly #ruled: RuledRoutes
  readonly #around: Surroundings
  readonly #rules: readonly CompiledRule[]
  readonly #grants: readonly GrantRule[]
  /** All subjects of all routes. */
  readonly #patterns: readonly Pattern[]
  #isComplete = true

  constructor(ruled: RuledRoutes, around: Surroundings) {
    const { enforced, dryRun, written } = ruled
    this.#ruled = ruled
    this.#around = around
    this.#rules = [enforced, dryRun].flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow])
    const claims = written.routes.flatMap((route) =>
      ruled.operationsOf(route).map(({ pattern }) => ({ route, pattern })),
    )
    const { model } = around.policy.snapshot
    this.#patterns = claims.map(({ pattern }) => pattern)
    this.#grants = [...new Set(claims.flatMap(({ route, pattern }) => grantsTouching(model, route.caller, pattern)))]
  }

  compare(): {
    readonly lines: readonly DriftLine[]
    readonly notes: readonly DriftNote[]
    readonly isComplete: boolean
  } {
    const { policy, callers } = this.#around
    const { written } = this.#ruled
    const { snapshot } = policy
    const places = written.routes.flatMap((route) =>
      this.#ruled.operationsOf(route).map((one) => this.#placeOf(route, one)),
    )
    const groups = callers.groupsOf(this.#ruled, {
      rules: this.#rules,
      grants: this.#grants,
      ceilings: snapshot.model.ceilings,
      patterns: this.#patterns,
    })
    const lines = new Lines(this.#ruled)
    const notes = new Notes(this.#ruled)
    const home = this.#homeOf(notes)
    for (const group of groups) for (const place of places) this.#look(group, place, { lines, notes, home })
    notes.onService(policy)
    return { lines: lines.all(), notes: notes.all(), isComplete: this.#isComplete }
  }

  #placeOf(route: Route, operation: RouteOperation): Place {
    const { ceilings } = this.#around.policy.snapshot.model
    const { byOthers = [], byOverlap = [] } = this.#ruled.settledOf(route)?.taken ?? {}
    const own = [operation.pattern]
    const patterns = [
      ...this.#grants.flatMap(({ grant }) => [...grant.patterns, ...(grant.except ?? [])]),
      ...ceilings.flatMap((rule) => rule[route.caller]),
      ...this.#imports(route),
      ...byOthers,
      ...byOverlap,
    ].filter((pattern) => overlapsAny(own, pattern))
    const distinct = [...new Map(patterns.map((pattern) => [pattern.text, pattern])).values()]
    const { samples, isComplete } = samplesOf(operation, conditionsOf(this.#rules), {
      patterns: distinct,
      limit: MOST_SAMPLES,
    })
    this.#isComplete &&= isComplete
    return {
      route,
      operation,
      name: `${String(operation.attributes.method)} ${route.path.text}`,
      samples,
    }
  }

  #imports({ caller }: Route): readonly Pattern[] {
    const { topology } = this.#around.policy
    const accounts = [...(topology?.accounts.keys() ?? [])]
    return accounts.flatMap((account) => importsOf(topology, account, caller).map(({ subject }) => subject))
  }

  #homeOf(notes: Notes): string | undefined {
    const { snapshot } = this.#around.policy
    const { namespace, serviceAccount } = this.#ruled.written
    const id = parseSpiffeId(`spiffe://${snapshot.trustDomains.local}/ns/${namespace}/sa/${serviceAccount}`)
    if (!id.ok) return undefined
    const decision = this.#around.decide(snapshot, workloadPrincipal(id.value))
    if (decision.effect === 'allow') return decision.account
    notes.onNoLogin(decision.code)
    return undefined
  }

  #look(
    group: CallerGroup,
    place: Place,
    { lines, notes, home }: { lines: Lines; notes: Notes; home: string | undefined },
  ): void {
    const { route, operation, samples } = place
    const { principal, decision } = group
    const { enforced, dryRun } = this.#ruled
    const { snapshot, topology } = this.#around.policy
    const judging: Judging = { snapshot, topology, ruled: this.#ruled, route, home, principal, decision }
    const caller = callerAttributesOf(principal)
    const { byOthers = [] } = this.#ruled.settledOf(route)?.taken ?? {}
    const everything = dryRun.allow.length + dryRun.deny.length > 0 ? together(enforced, dryRun) : undefined
    const found = samples.map(({ literal, path }): Found => {
      // A more specific route says what these stand for.
      if (byOthers.some((pattern) => matches(pattern, literal))) return NOTHING
      const request = { ...caller, ...operation.attributes, path }
      const http = askHttp(enforced, request)
      if (http.verdict !== 'deny') notes.onCallable(route)
      if (everything !== undefined) {
        const then = askHttp(everything, request)
        if (then.verdict !== http.verdict) notes.onDryRun(route, { from: http, to: then, group })
      }
      const isHeld =
        isReached(judging, route.caller, literal) && holds(decision, route.caller, literal, route.queues ?? [])
      if (http.verdict !== 'deny' && !isHeld)
        return { direction: 'less', http, because: whyLess(judging, http, literal) }
      if (http.verdict !== 'allow' && isHeld) return { direction: 'more', http, because: whyMore(judging, literal) }
      return NOTHING
    })
    if (found.every((one) => one === NOTHING)) return
    const kinds = found.map(kindOf)
    for (const [kind, region] of regionsOf(samples, kinds)) {
      const one = found[kinds.indexOf(kind)]
      if (one === undefined || one === NOTHING || !('http' in one)) continue
      lines.add({ ...one, route, operation: place.name, region, group })
    }
  }
}

type Found = Difference | { readonly direction: 'none' }

export interface Difference {
  readonly direction: 'less' | 'more'
  readonly http: HttpSays
  readonly because: Because
}

const NOTHING: Found = { direction: 'none' }

/** What tells differences apart. */
function kindOf(found: Found): string {
  if (found.direction === 'none') return ''
  const { direction, http, because } = found
  return JSON.stringify([direction, http.verdict === 'depends', http.rules.map(({ name }) => name), because])
}

function conditionsOf(rules: readonly CompiledRule[]): PathMatch[] {
  const all = rules.flatMap(({ operations }) =>
    operations.flat().flatMap((term): readonly PathMatch[] => (term.field === 'path' ? term.values : [])),
  )
  return [...new Map(all.map((match) => [JSON.stringify(match), match])).values()]
}
