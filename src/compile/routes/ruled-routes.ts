/** One SubjectRoute and the policies that rule its workload; what was compiled of it is kept. Pure. */
import { compilePolicies, type CompiledRule, type Mesh, type RuleSet } from '../../istio/index.ts'
import { remember } from '../../lib/remember.ts'
import type { Steps } from '../../lib/steps.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { Origin } from '../../policy/origin.ts'
import {
  boxOfPath,
  compileRoute,
  methodsOf,
  operationsOf,
  pathsWithoutRoute,
  rulesNear,
  type CompiledRoute,
  type Route,
  type RouteOperation,
  type RulesNear,
  type Taken,
} from '../../route/index.ts'
import type { WrittenAuthorizationPolicy, WrittenRoutes } from './written.ts'

export interface Circumstances {
  readonly mesh: Mesh
  /** An ALLOW that could not be read may be for the workload. */
  readonly isBroken: boolean
}

/** What became of a route, what is to be told of it there, and what of it others have. */
export interface SettledRoute extends CompiledRoute {
  readonly diagnostics: readonly Diagnostic[]
  readonly taken: Taken
}

/** What stays as long as neither the document nor its policies change. */
interface Ground extends Pick<RuledRoutes, 'enforced' | 'dryRun' | 'pathsWithoutRoute'> {
  readonly selected: readonly WrittenAuthorizationPolicy[]
  readonly isBroken: boolean
  readonly enforcedNear: RulesNear
  readonly dryRunNear: RulesNear
  readonly methods: readonly string[]
  readonly origins: ReadonlyMap<string, readonly Origin[]>
}

export class RuledRoutes {
  readonly written: WrittenRoutes
  /** Of the policies that Istio enforces at the workload. */
  readonly enforced: RuleSet
  /** Of those that it only evaluates. */
  readonly dryRun: RuleSet
  /** What its policies say of paths that no route stands for. */
  readonly pathsWithoutRoute: readonly string[]
  readonly #ground: Ground
  readonly #operations = new Map<Route, readonly RouteOperation[]>()
  readonly #compiled = new Map<Route, { readonly key: string; readonly settled: SettledRoute }>()

  private constructor(written: WrittenRoutes, ground: Ground) {
    this.written = written
    this.enforced = ground.enforced
    this.dryRun = ground.dryRun
    this.pathsWithoutRoute = ground.pathsWithoutRoute
    this.#ground = ground
  }

  static *of(
    written: WrittenRoutes,
    selected: readonly WrittenAuthorizationPolicy[],
    { mesh, isBroken }: Circumstances,
  ): Steps<RuledRoutes> {
    const policies = selected.map(({ policy }) => policy)
    const compiled = compilePolicies(policies, { mesh, transport: 'http', unknownConditions: 'match' })
    const { dryRun } = compiled
    const enforced = { ...compiled.enforced, hasAllow: compiled.enforced.hasAllow || isBroken }
    const rules = [...enforced.custom, ...enforced.deny, ...enforced.allow]
    yield
    const paths = written.routes.map(({ path }) => boxOfPath(path))
    return new RuledRoutes(written, {
      selected,
      isBroken,
      enforced,
      dryRun,
      enforcedNear: yield* rulesNear(enforced),
      dryRunNear: yield* rulesNear(dryRun),
      methods: methodsOf(rules),
      origins: new Map(selected.map(({ policy, origins }) => [nameOf(policy), origins])),
      pathsWithoutRoute: yield* pathsWithoutRoute(rules, paths),
    })
  }

  isFor(selected: readonly WrittenAuthorizationPolicy[], isBroken: boolean): boolean {
    return (
      isBroken === this.#ground.isBroken &&
      selected.length === this.#ground.selected.length &&
      selected.every((written, position) => written === this.#ground.selected[position])
    )
  }

  operationsOf(route: Route): readonly RouteOperation[] {
    return remember(this.#operations, route, () => operationsOf(route, this.written, this.#ground.methods))
  }

  *compile(route: Route, taken: Taken): Steps<SettledRoute> {
    const key = [...taken.byOthers, { text: '' }, ...taken.byOverlap].map(({ text }) => text).join(' ')
    const known = this.#compiled.get(route)
    if (known?.key === key) return known.settled
    const result = yield* compileRoute(route, taken, {
      workload: this.written,
      enforced: this.#ground.enforcedNear,
      dryRun: this.#ground.dryRunNear,
      methods: this.#ground.methods,
      originOf: (rule) => ({ ...this.originOf(rule), through: route.origin }),
    })
    const diagnostics = result.remarks.map((remark): Diagnostic => ({ ...remark, ...route.origin }))
    const settled = { ...result, diagnostics, taken }
    this.#compiled.set(route, { key, settled })
    return settled
  }

  /** What the compiler last made of the route; `undefined` before it did. */
  settledOf(route: Route): SettledRoute | undefined {
    return this.#compiled.get(route)?.settled
  }

  /** Where a rule of its policies is written. */
  originOf({ policy, rule }: CompiledRule): Origin {
    return this.#ground.origins.get(nameOf(policy))?.[rule] ?? { kind: 'AuthorizationPolicy', ...policy, rule }
  }
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`
}
