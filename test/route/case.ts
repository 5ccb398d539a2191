/** A route document, policies and other grants, compiled; and what each of its subjects means for a caller. */
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { compile, type Compilation } from '../../src/compile/index.ts'
import { requestPrincipal, workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import type { Json } from '../../src/lib/json.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Allowed, DeliveryFilter } from '../../src/policy/decision.ts'
import type { Action } from '../../src/policy/effective.ts'
import { matchesText } from '../policy/reference.ts'
import { anyPolicies, anyRoutes, deepPolicies, subjectsOf, type Policy, type RouteLine } from './arbitraries.ts'
import { mayConcern } from './concern.ts'
import { enforcedOf, meaningOf, type Meaning, type RouteDocument } from './oracle.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const LABELS = { app: 'orders' }
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

function workload(name: string, namespace = 'shop'): Principal {
  const id = parseSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/${name}`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

export const callers: readonly Principal[] = [
  workload('web'),
  workload('admin'),
  workload('web', 'tools'),
  requestPrincipal({ issuer: 'https://idp.example', subject: 'alice', claims: { role: 'admin' } }, []),
]

export interface Case {
  readonly routes: readonly RouteLine[]
  readonly policies: readonly Policy[]
  readonly port: number | undefined
  readonly whenNoPolicy: 'Deny' | 'Allow'
  /** Granted to everybody by a SubjectPolicy. */
  readonly granted: readonly string[]
}

export function anyCase(kind: 'exact' | 'any' | 'deep'): fc.Arbitrary<Case> {
  return fc.record({
    routes: anyRoutes,
    policies: kind === 'deep' ? deepPolicies : anyPolicies(kind),
    port: fc.constantFrom(8080, 8080, undefined),
    whenNoPolicy: fc.constantFrom('Deny' as const, 'Allow' as const),
    granted: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.uniqueArray(fc.constantFrom('r.>', 'r.a.>', 'r.*', 'r.*.get', 'r.a.b', 'other'), {
          maxLength: 2,
        }),
      },
    ),
  })
}

export function policyDocuments({ policies }: Case): Json[] {
  return policies.map(({ action, dryRun, rules }, index) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: {
      name: `p${index}`,
      namespace: 'shop',
      ...(dryRun && /ALLOW|DENY/.test(action) ? { annotations: { 'istio.io/dry-run': 'true' } } : {}),
    },
    spec: {
      action,
      selector: { matchLabels: LABELS },
      ...(action === 'CUSTOM' ? { provider: { name: 'opa' } } : {}),
      rules: action === 'CUSTOM' ? rules.map(withoutCaller) : rules,
    } as Json,
  }))
}

/** CUSTOM may not ask for the caller. */
function withoutCaller(rule: object): object {
  return Object.fromEntries(Object.entries(rule).filter(([field]) => field === 'to'))
}

export function compileCase(one: Case): Compilation {
  const { routes, port, whenNoPolicy, granted } = one
  const documents: Json[] = [
    {
      apiVersion: API_VERSION,
      kind: 'AccountMap',
      metadata: { name: 'accounts' },
      spec: { accounts: [{ account: 'SHOP', principals: [{ authenticated: true }] }] },
    },
    {
      apiVersion: API_VERSION,
      kind: 'SubjectRoute',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: {
        workload: { labels: LABELS, serviceAccount: 'orders' },
        ...(port === undefined ? {} : { port }),
        whenNoPolicy,
        routes: routes.map((route) => ({ ...route })),
      },
    },
    ...(granted.length === 0
      ? []
      : [
          {
            apiVersion: API_VERSION,
            kind: 'SubjectPolicy',
            metadata: { name: 'more', namespace: 'shop' },
            spec: {
              principals: [{ authenticated: true }],
              grants: [{ publish: [...granted] }, { subscribe: [...granted] }],
            },
          },
        ]),
    ...policyDocuments(one),
  ]
  const text = documents.map((document) => `---\n${JSON.stringify(document)}\n`).join('')
  return compile([{ file: 'policy.yaml', text }], {
    trustDomains: { local: 'cluster.local', aliases: [] },
    forbiddenAccounts: [],
    hash: sha256,
  })
}

export function documentOf({ routes, port, whenNoPolicy }: Case): RouteDocument {
  return { host: 'orders.shop.svc.cluster.local', port, whenNoPolicy, routes }
}

export interface Question {
  readonly action: Action
  readonly subject: string
  readonly may: boolean
  /** Whether a diagnostic about a condition that may concern its path, or a shortfall, says that less is given. */
  readonly isTold: boolean
  readonly meaning: Meaning | undefined
}

export interface Judged {
  readonly principal: Principal
  readonly decision: Allowed
  readonly questions: readonly Question[]
}

/** Positions of the routes that are said to be inexact. */
export function inexactRoutes({ diagnostics }: Compilation): Set<number | undefined> {
  return new Set(diagnostics.filter(({ code }) => code === 'route-inexact').map(({ rule }) => rule))
}

function pathsIn({ policies }: Case): string[] {
  const texts: string[] = []
  JSON.stringify(policies, (key: string, value: unknown) => {
    if ((key === 'paths' || key === 'notPaths') && Array.isArray(value)) texts.push(...value.map(String))
    return value
  })
  return texts
}

/** Every subject of the routes, asked for each caller. */
export function questionsOf(one: Case, compilation: Compilation, filter: DeliveryFilter): Judged[] {
  const { snapshot } = compilation
  if (snapshot === undefined) throw new Error(compilation.withheld)
  const rules = enforcedOf(policyDocuments(one), LABELS)
  const document = documentOf(one)
  const inexact = inexactRoutes(compilation)
  const conditions = pathsIn(one)
  const subjects = [...new Set(one.routes.flatMap(subjectsOf))]
  const decide = createDecide(sha256)
  return callers.map((principal) => {
    const decision = decide(snapshot, principal)
    if (decision.effect === 'deny') throw new Error(decision.code)
    const questions = subjects.flatMap((subject) => {
      const meaning = meaningOf(document, rules, principal, subject)
      const isRough =
        meaning !== undefined &&
        inexact.has(one.routes.indexOf(meaning.route)) &&
        conditions.some((condition) => mayConcern(condition, meaning.path))
      const isTold = isRough || isSaidShort(decision, filter, subject)
      return (['publish', 'subscribe'] as const).map((action): Question => {
        return { action, subject, may: mayUse(one, meaning, subject, action), isTold, meaning }
      })
    })
    return { principal, decision, questions }
  })
}

function mayUse({ granted }: Case, meaning: Meaning | undefined, subject: string, action: Action): boolean {
  const isGranted = granted.some((pattern) => matchesText(pattern, subject))
  if (meaning === undefined || (meaning.route.caller ?? 'publish') !== action) return isGranted
  return meaning.verdict === 'allowed' || (isGranted && meaning.verdict !== 'denied')
}

function isSaidShort({ shortfalls }: Allowed, filter: DeliveryFilter, subject: string): boolean {
  return shortfalls[filter].some(({ pattern }) => matchesText(pattern.split(' ')[0] ?? '', subject))
}
