/** Why NATS gives less than HTTP, or more, for one caller and one subject. Pure. */
import type { RuledRoutes } from '../../compile/index.ts'
import type { Principal } from '../../identity/principal.ts'
import type { CompiledRule } from '../../istio/index.ts'
import type { GrantRule } from '../../policy/model.ts'
import { sortOrigins, type Origin } from '../../policy/origin.ts'
import { REFUSALS } from '../../policy/refusal.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import type { Route } from '../../route/index.ts'
import { matches, parsePattern, type Pattern } from '../../subject/index.ts'
import type { HttpSays } from './http-side.ts'
import type { DriftReason } from './line.ts'
import { isReached, rulesAt, type Journey } from './nats-side.ts'

export interface Judging extends Journey {
  readonly snapshot: Snapshot
  readonly ruled: RuledRoutes
  readonly route: Route
  readonly principal: Principal
}

export interface Because extends DriftReason {
  readonly nats: readonly Origin[]
}

/** HTTP allows it, or may allow it. */
export function whyLess(judging: Judging, http: HttpSays, subject: Pattern): Because {
  const { snapshot, ruled, route, home, principal, decision } = judging
  if (decision.effect === 'deny') {
    const { code, rules } = decision
    return { code: 'no-login', message: `no login: ${code}, ${REFUSALS[code].meaning}`, nats: rules }
  }
  const { account } = decision
  if (!isReached(judging, route.caller, subject)) {
    const message = `lives in account ${account}, and the workload in account ${home ?? ''}`
    return { code: 'other-account', message, nats: decision.rules.filter(({ kind }) => kind === 'AccountMap') }
  }
  if (!ruled.enforced.hasAllow && ruled.written.whenNoPolicy === 'Deny') {
    const message = 'no ALLOW policy selects the workload: Istio lets everybody in, and the route nobody'
    return { code: 'route-no-policy', message, nats: [route.origin] }
  }
  const settled = ruled.settledOf(route)
  if (settled?.taken.byOverlap.some((pattern) => matches(pattern, subject)) === true) {
    return {
      code: 'route-overlap',
      message: 'another route claims the subject too, so nobody gets it',
      nats: [route.origin],
    }
  }
  const { allows, denies, capping } = rulesAt(snapshot, { principal, account }, route.caller, subject)
  if (allows.length === 0) return ofRoute(judging, http.rules)
  const others = denies.filter(({ origin }) => !isOfRoutes(origin))
  if (others.length > 0) return { code: 'denied', message: 'a DENY takes it away', nats: originsOf(others) }
  if (denies.length > 0) return { ...ofRoute(judging, http.rules, denies), nats: originsOf(denies) }
  if (capping.length > 0) return { code: 'capped', message: 'lies outside the ceiling', nats: originsOf(capping) }
  const short = decision.shortfalls.filtering.find(({ pattern }) => speaksOf(pattern, subject))
  const message = short?.reason ?? 'permission lists cannot say it'
  return { code: 'not-sayable', message, nats: originsOf(allows) }
}

/** HTTP does not allow it, or not always. */
export function whyMore({ snapshot, route, principal, decision }: Judging, subject: Pattern): Because {
  const account = decision.effect === 'allow' ? decision.account : ''
  const { allows } = rulesAt(snapshot, { principal, account }, route.caller, subject)
  const beside = allows.filter(({ origin }) => origin.through !== route.origin)
  const message = 'granted beside the route'
  return { code: 'granted-beside', message, nats: originsOf(beside.length > 0 ? beside : allows) }
}

/** The route itself gives less: the compiler said why when it read it. */
function ofRoute(
  { ruled, route }: Judging,
  rules: readonly CompiledRule[],
  denies: readonly GrantRule[] = [],
): Because {
  const remarks = ruled.settledOf(route)?.remarks ?? []
  const names = [
    ...rules.map(({ policy, rule }) => nameOf(policy.namespace, policy.name, rule)),
    ...denies.map(({ origin }) => nameOf(origin.namespace, origin.name, origin.rule)),
  ]
  const told = remarks.filter(
    ({ code }) => code === 'route-inexact' || code === 'route-unknown' || code === 'route-custom',
  )
  const remark = told.find(({ message }) => names.some((name) => message.startsWith(name))) ?? told[0]
  const code =
    remark?.code === 'route-inexact' || remark?.code === 'route-unknown' || remark?.code === 'route-custom'
      ? remark.code
      : 'route-less'
  return { code, message: remark?.message ?? 'the route grants nothing here', nats: [] }
}

/** As remarks begin. */
function nameOf(namespace: string | undefined, name: string, rule: number | undefined): string {
  return `rule ${rule} of AuthorizationPolicy ${namespace}/${name} `
}

/** Whether an AuthorizationPolicy wrote it, for a route. */
function isOfRoutes({ through }: Origin): boolean {
  return through?.kind === 'SubjectRoute'
}

function originsOf(rules: readonly { readonly origin: Origin }[]): Origin[] {
  return sortOrigins(rules.map(({ origin }) => origin))
}

function speaksOf(entry: string, subject: Pattern): boolean {
  const pattern = parsePattern(entry.split(' ')[0] ?? '')
  return pattern.ok && matches(pattern.value, subject)
}
