/**
 * One route under the policies of its workload -> grants and prohibitions: policy.md section 3, SubjectRoute. Pure.
 * Never more than HTTP allows: an ALLOW rule gives the subjects for which it is certainly true, a DENY or CUSTOM rule takes those
 * for which it is not certainly false. Where that is less than HTTP allows, a remark says so.
 */
import type { CompiledRule } from '../istio/index.ts'
import type { Steps } from '../lib/steps.ts'
import type { Matcher } from '../policy/matcher.ts'
import type { Effect, Grant, GrantRule } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'
import { coveredByAny, minimise, type Pattern } from '../subject/index.ts'
import { boxOfPath, patternOfParts, routeOperation, type RouteOperation } from './operation.ts'
import { regionOf, without, type Inexact, type Region } from './region.ts'
import { isUnknowable, Remarks, type Remark } from './remark.ts'
import type { Route, RouteWorkload } from './route.ts'
import type { RulesNear } from './rules-near.ts'
import { hasMethodVariable } from './template.ts'

export interface Taken {
  /** Subjects that a more specific route of the document decides. */
  readonly byOthers: readonly Pattern[]
  /** Subjects that a route of another document claims too: nobody gets them. */
  readonly byOverlap: readonly Pattern[]
}

export interface RouteContext {
  readonly workload: RouteWorkload
  readonly enforced: RulesNear
  /** Evaluated and told, never enforced. */
  readonly dryRun: RulesNear
  /** What `{method}` stands for: {@link methodsOf}. */
  readonly methods: readonly string[]
  /** Of a rule of a policy. */
  readonly originOf: (rule: CompiledRule) => Origin
}

export interface CompiledRoute {
  readonly grants: readonly GrantRule[]
  readonly remarks: readonly Remark[]
}

/** The route once for each method that it stands for. */
export function operationsOf(
  route: Route,
  { host, port }: RouteWorkload,
  methods: readonly string[],
): RouteOperation[] {
  const own = route.method === undefined ? [] : [route.method]
  return (hasMethodVariable(route.subject) ? methods : own).map((method) =>
    routeOperation(route.subject, route.path, { method, host, port }),
  )
}

export function* compileRoute(route: Route, taken: Taken, context: RouteContext): Steps<CompiledRoute> {
  const { workload, originOf } = context
  const path = boxOfPath(route.path)
  const [enforced, dryRun] = [context.enforced(path), context.dryRun(path)]
  const operations = operationsOf(route, workload, context.methods)
  const remarks = new Remarks(route)
  const grants: GrantRule[] = [...ownerGrants(route, workload, taken)]

  function add(rule: CompiledRule, effect: Effect, region: Pick<Region, 'patterns' | 'except'>): void {
    const closed = effect === 'allow' ? [...taken.byOthers, ...taken.byOverlap] : taken.byOthers
    const { patterns, except } = without(region.patterns, [...region.except, ...closed])
    if (patterns.length === 0) return
    const principals = principalsOf(rule, effect)
    if (principals.length === 0) return
    grants.push({ effect, principals, grant: callerGrant(route, effect, patterns, except), origin: originOf(rule) })
  }

  function isForCallers({ effect, origin }: GrantRule): boolean {
    return effect === 'allow' && origin !== route.origin
  }

  for (const rule of enforced.allow) {
    for (const region of regionsOf(rule, operations, 'allow')) {
      remarks.onAllow(rule, region)
      add(rule, 'allow', region)
    }
    yield
  }
  for (const rule of [...enforced.deny, ...enforced.custom]) {
    const isCustom = enforced.custom.includes(rule)
    for (const region of regionsOf(rule, operations, 'deny')) {
      remarks.onDeny(rule, region, isCustom)
      add(rule, 'deny', region)
    }
    yield
  }
  for (const rule of [...dryRun.allow, ...dryRun.deny]) {
    const isTouched = regionsOf(rule, operations, 'deny').some(({ patterns }) => patterns.length > 0)
    if (isTouched) remarks.onDryRun(rule, dryRun.allow.includes(rule) ? 'allow' : 'deny')
    yield
  }
  if (!enforced.hasAllow) {
    if (workload.whenNoPolicy === 'Allow') grants.push(...everybodysGrant(route, operations, taken))
    else remarks.onNoPolicy()
  } else if (taken.byOverlap.length === 0 && !grants.some(isForCallers)) remarks.onNobody()
  return { grants, remarks: remarks.all() }
}

/** One for each alternative of the rule that leaves holes; what leaves none is together. */
function regionsOf(rule: CompiledRule, operations: readonly RouteOperation[], effect: Effect): Region[] {
  if (rule.callers.length === 0) return []
  const regions = rule.operations.flatMap((terms) => operations.map((operation) => regionOf(operation, terms, effect)))
  const said = regions.filter(
    (region) => region.patterns.length > 0 || region.inexact.length > 0 || region.unknown.length > 0,
  )
  const whole = said.filter(({ except }) => except.length === 0)
  const patterns = minimise(whole.flatMap((region) => region.patterns))
  const together: Region = {
    patterns,
    except: [],
    inexact: whole.flatMap(({ inexact }) => inexact),
    unknown: whole.flatMap(({ unknown }) => unknown),
  }
  const all = whole.length === 0 ? said : [together, ...said.filter(({ except }) => except.length > 0)]
  // What the same rule gives anyway is no loss; what a DENY takes is counted wide already.
  if (effect === 'deny') return all
  const isLoss = ({ within }: Inexact): boolean => !within.every((pattern) => coveredByAny(patterns, pattern))
  return all.map((region) => ({ ...region, inexact: region.inexact.filter(isLoss) }))
}

/** Nobody when every alternative of an ALLOW asks for what is never known. */
function principalsOf({ callers }: CompiledRule, effect: Effect): Matcher {
  const decidable = effect === 'deny' ? callers : callers.filter((terms) => !isUnknowable(terms))
  return decidable.map((terms) => ({ istio: { terms, whenUnknown: effect === 'deny' } }))
}

function callerGrant(route: Route, effect: Effect, patterns: readonly Pattern[], holes: readonly Pattern[]): Grant {
  const except = holes.length === 0 ? {} : { except: holes }
  if (effect === 'deny') return { verb: route.caller, patterns, ...except }
  return route.caller === 'publish'
    ? { verb: 'request', patterns, ...except }
    : { ...respond(route, patterns), ...except }
}

function respond({ queues, maxReplies, replyWithinMs }: Route, patterns: readonly Pattern[]): Grant {
  return { verb: 'respond', patterns, ...(queues === undefined ? {} : { queues }), maxReplies, replyWithinMs }
}

/** The other side of every operation: the workload itself, whatever its policies say of callers. */
function ownerGrants(route: Route, { namespace, serviceAccount }: RouteWorkload, { byOverlap }: Taken): GrantRule[] {
  const { patterns, except: holes } = without([patternOfParts(route.subject.parts)], byOverlap)
  if (patterns.length === 0) return []
  const except = holes.length === 0 ? {} : { except: holes }
  const grant: Grant =
    route.caller === 'publish' ? { ...respond(route, patterns), ...except } : { verb: 'request', patterns, ...except }
  const principals: Matcher = [{ serviceAccount: { namespace, name: serviceAccount } }]
  return [{ effect: 'allow', principals, grant, origin: route.origin }]
}

function everybodysGrant(route: Route, operations: readonly RouteOperation[], taken: Taken): GrantRule[] {
  const all = operations.map(({ pattern }) => pattern)
  const { patterns, except } = without(all, [...taken.byOthers, ...taken.byOverlap])
  if (patterns.length === 0) return []
  const grant = callerGrant(route, 'allow', patterns, except)
  return [{ effect: 'allow', principals: [{ authenticated: true }], grant, origin: route.origin }]
}
