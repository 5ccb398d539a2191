/** One SubjectRoute and the policies that rule its workload; what was compiled of it is kept. Pure. */
import { compilePolicies, type CompiledRule, type Mesh, type RuleSet } from '../../istio/index.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { Origin } from '../../policy/origin.ts'
import {
  compileRoute,
  methodsOf,
  operationsOf,
  pathsWithoutRoute,
  type CompiledRoute,
  type Route,
  type RouteOperation,
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

export class RuledRoutes {
  readonly written: WrittenRoutes
  /** Of the policies that Istio enforces at the workload. */
  readonly enforced: RuleSet
  /** Of those that it only evaluates. */
  readonly dryRun: RuleSet
  /** What its policies say of paths that no route stands for. */
  readonly pathsWithoutRoute: readonly string[]
  readonly #selected: readonly WrittenAuthorizationPolicy[]
  readonly #isBroken: boolean
  readonly #methods: readonly string[]
  readonly #operations: ReadonlyMap<Route, readonly RouteOperation[]>
  readonly #origins: ReadonlyMap<string, readonly Origin[]>
  readonly #compiled = new Map<Route, { readonly key: string; readonly settled: SettledRoute }>()

  constructor(
    written: WrittenRoutes,
    selected: readonly WrittenAuthorizationPolicy[],
    { mesh, isBroken }: Circumstances,
  ) {
    this.written = written
    this.#selected = selected
    this.#isBroken = isBroken
    const policies = selected.map(({ policy }) => policy)
    const compiled = compilePolicies(policies, { mesh, transport: 'http', unknownConditions: 'match' })
    const enforced = { ...compiled.enforced, hasAllow: compiled.enforced.hasAllow || isBroken }
    this.enforced = enforced
    this.dryRun = compiled.dryRun
    const rules = [...enforced.custom, ...enforced.deny, ...enforced.allow]
    this.#methods = methodsOf(rules)
    this.#operations = new Map(written.routes.map((route) => [route, operationsOf(route, written, this.#methods)]))
    this.#origins = new Map(selected.map(({ policy, origins }) => [nameOf(policy), origins]))
    this.pathsWithoutRoute = pathsWithoutRoute(rules, [...this.#operations.values()].flat())
  }

  isFor(selected: readonly WrittenAuthorizationPolicy[], isBroken: boolean): boolean {
    return (
      isBroken === this.#isBroken &&
      selected.length === this.#selected.length &&
      selected.every((written, position) => written === this.#selected[position])
    )
  }

  operationsOf(route: Route): readonly RouteOperation[] {
    return this.#operations.get(route) ?? []
  }

  compile(route: Route, taken: Taken): SettledRoute {
    const key = [...taken.byOthers, { text: '' }, ...taken.byOverlap].map(({ text }) => text).join(' ')
    const known = this.#compiled.get(route)
    if (known?.key === key) return known.settled
    const result = compileRoute(route, taken, {
      workload: this.written,
      enforced: this.enforced,
      dryRun: this.dryRun,
      methods: this.#methods,
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
    return this.#origins.get(nameOf(policy))?.[rule] ?? { kind: 'AuthorizationPolicy', ...policy, rule }
  }
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`
}
