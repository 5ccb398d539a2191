/**
 * SubjectRoutes and AuthorizationPolicies, brought together: which policies rule which workload, what they leave of its routes, and
 * what the authors of both should know. Pure.
 */
import type { Mesh } from '../../istio/index.ts'
import { eachInSteps, type Steps } from '../../lib/steps.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { settleClaims, type Claim, type Route } from '../../route/index.ts'
import type { Rules } from '../kinds/kind.ts'
import { compareTexts } from '../order.ts'
import { passedOver, prohibitionsOf } from './passed-over.ts'
import { PolicyBook } from './policy-book.ts'
import { RuledRoutes } from './ruled-routes.ts'
import type { BrokenAllow, WrittenAuthorizationPolicy, WrittenRoutes } from './written.ts'

export interface RoutedDocuments {
  readonly routes: readonly WrittenRoutes[]
  readonly policies: readonly WrittenAuthorizationPolicy[]
  readonly brokenAllows: readonly BrokenAllow[]
}

export interface Routed {
  readonly rules: Rules
  readonly diagnostics: readonly Diagnostic[]
  /** Errors after which no snapshot may come of the rules: a prohibition may be missing. */
  readonly blocking: readonly Diagnostic[]
  readonly routed: readonly RuledRoutes[]
}

/** Remembers what it made of each SubjectRoute, as long as neither that nor the policies of its workload change. */
export type RouteCompiler = (documents: RoutedDocuments) => Steps<Routed>

export function createRouteCompiler(mesh: Mesh): RouteCompiler {
  const known = new WeakMap<WrittenRoutes, RuledRoutes>()
  return function* ({ routes, policies, brokenAllows }) {
    const book = new PolicyBook(policies, mesh)
    const ruled: RuledRoutes[] = []
    for (const document of routes) {
      const selected = book.of(document)
      const isBroken = brokenAllows.some(({ namespace }) => namespace === undefined || book.rules(namespace, document))
      const before = known.get(document)
      const same = before !== undefined && before.isFor(selected, isBroken)
      const now = same ? before : yield* RuledRoutes.of(document, selected, { mesh, isBroken })
      known.set(document, now)
      ruled.push(now)
      yield
    }
    const routed = yield* compileTogether(ruled)
    const prohibitions = prohibitionsOf(policies)
    const told: Diagnostic[] = []
    yield* eachInSteps(routes, (document) => {
      for (const diagnostic of passedOver(document, prohibitions, mesh)) told.push(diagnostic)
    })
    return { ...routed, diagnostics: [...routed.diagnostics, ...told] }
  }
}

function* compileTogether(ruled: readonly RuledRoutes[]): Steps<Routed> {
  const claims: RouteClaim[] = []
  for (const document of ruled) {
    yield* eachInSteps(document.written.routes, (route) => {
      claims.push({ document, subject: route.subject, operations: document.operationsOf(route), route })
    })
    yield
  }
  const settled = yield* settleClaims(claims)
  const diagnostics: Diagnostic[] = ruled.flatMap(summary)
  const grants: GrantRule[] = []
  const blocking: Diagnostic[] = []
  const patterns = new Map<RuledRoutes, number>()
  for (const [position, claim] of claims.entries()) {
    const soFar = patterns.get(claim.document) ?? 0
    if (soFar > MOST_PATTERNS) continue
    const { byOthers = [], byOverlap = [], rivals = [], double } = settled[position] ?? {}
    const { document, route } = claim
    diagnostics.push(...rivalry(claim, rivals), ...(double === undefined ? [] : [doubled(claim, double)]))
    const { grants: own, diagnostics: told } = yield* document.compile(route, { byOthers, byOverlap })
    for (const diagnostic of told) diagnostics.push(diagnostic)
    for (const grant of own) grants.push(grant)
    const now = soFar + sizeOf(own)
    patterns.set(document, now)
    if (now > MOST_PATTERNS) blocking.push(tooLarge(document))
    yield
  }
  return { rules: { grants }, diagnostics, blocking, routed: ruled }
}

/** Of one document: many times what the permissions of one login can hold. Paths by the thousand on routes by the thousand are millions. */
const MOST_PATTERNS = 50_000

function sizeOf(rules: readonly GrantRule[]): number {
  return rules.reduce((sum, { grant }) => sum + grant.patterns.length + (grant.except?.length ?? 0), 0)
}

function tooLarge({ written }: RuledRoutes): Diagnostic {
  const message = `the routes and the policies of their workload make more than ${MOST_PATTERNS} patterns`
  const hint = 'write prefixes ("/x/*") or {*} where the policies list paths, or make several workloads of it'
  return { severity: 'error', code: 'route-too-large', message, hint, ...written.origin }
}

interface RouteClaim extends Claim<RuledRoutes> {
  readonly route: Route
}

/** Health checks and metrics need no subject, and nobody wants a line for each. */
function summary({ written, pathsWithoutRoute: paths }: RuledRoutes): Diagnostic[] {
  if (paths.length === 0) return []
  const shown = paths.slice(0, MOST_PATHS).join(', ')
  const more = paths.length > MOST_PATHS ? ` and ${paths.length - MOST_PATHS} more` : ''
  const message = `no route stands for what its policies say of ${shown}${more}`
  const hint = 'nothing to do where HTTP is all that is meant, as with health checks and metrics'
  return [{ severity: 'info', code: 'route-paths', message, hint, ...written.origin }]
}

const MOST_PATHS = 5

function rivalry({ route, document }: RouteClaim, rivals: readonly RouteClaim[]): Diagnostic[] {
  const [first] = rivals.toSorted((a, b) => compareTexts(placeOf(a), placeOf(b)))
  if (first === undefined) return []
  const more = rivals.length > 1 ? ` and ${rivals.length - 1} more` : ''
  const message = `route ${route.subject.text} overlaps ${first.route.subject.text} of ${placeOf(first)}${more}: what both claim is granted to nobody`
  const hint = `give ${nameOrigin(document.written.origin)} subjects of its own`
  return [{ severity: 'error', code: 'route-overlap', message, hint, ...route.origin }]
}

function doubled({ route }: RouteClaim, other: RouteClaim): Diagnostic {
  const message = `route ${route.subject.text} is no more specific than ${other.route.subject.text} beside it: what both claim is granted to nobody`
  return { severity: 'error', code: 'route-double', message, hint: 'keep one of them', ...route.origin }
}

function placeOf({ route: { origin } }: RouteClaim): string {
  const { file, line } = origin
  const name = nameOrigin(origin)
  return file === undefined || line === undefined ? name : `${name} (${file}:${line})`
}
