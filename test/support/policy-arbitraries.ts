/**
 * Policies and principals for properties: few tokens and queues, so that rules often meet, cross and cover one another.
 * Small enough for every answer to be asked for: patterns hold `a`, `b`, `*`, `>` in at most three tokens, so a third token
 * stands for all others and a fourth position for all greater lengths ({@link universe}).
 */
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { requestPrincipal, workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, CeilingRule, Grant, GrantRule, Model } from '../../src/policy/model.ts'
import type { Snapshot, TrustDomains } from '../../src/policy/snapshot.ts'
import { parsePattern, type Pattern } from '../../src/subject/index.ts'

export const trustDomains: TrustDomains = { local: 'shop.example', aliases: ['old.shop.example'] }

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function pattern(text: string): Pattern {
  const result = parsePattern(text)
  if (!result.ok) throw new Error(`${text}: ${result.error}`)
  return result.value
}

export function workload(uri: string): Principal {
  const id = parseSpiffeId(uri)
  if (!id.ok) throw new Error(`${uri}: ${id.error}`)
  return workloadPrincipal(id.value)
}

export function snapshotOf(model: Partial<Model>): Snapshot {
  return { id: 'test', model: { accounts: [], grants: [], limits: [], ceilings: [], ...model }, trustDomains }
}

const queueTexts = ['q', 'v.1', 'v.*', '*.1', '>']

export interface Universe {
  /** Literal subjects; whatever holds for these holds for all. */
  readonly subjects: readonly string[]
  /** What a client may try to subscribe to. */
  readonly subscriptions: readonly string[]
  /** Queue names of clients; `undefined` is a subscription without. */
  readonly queues: readonly (string | undefined)[]
}

/** @param inboxPrefix the principal's own */
export function universe(inboxPrefix: string): Universe {
  const inboxes = [inboxPrefix, '_INBOX_other', '_INBOX'].flatMap((prefix) =>
    ['a', 'c', 'a.b', 'c.c', 'a.b.c', 'b.c.a', 'c.c.c'].map((rest) => `${prefix}.${rest}`),
  )
  const open = sequences(['a', 'b', '*'], 3)
  const tails = [
    '>',
    ...sequences(['a', 'b', '*'], 2).map((text) => `${text}.>`),
    `${inboxPrefix}.>`,
    `${inboxPrefix}.*`,
  ]
  return {
    subjects: [...sequences(['a', 'b', 'c'], 4), ...inboxes],
    subscriptions: [...open, ...tails, '_INBOX.>', '*.*.*.*', 'a.*.*.*'],
    queues: [undefined, 'q', 'v.1', 'v.2', 'w.1', 'other'],
  }
}

/** Every sequence of one to `maxTokens` tokens, joined by dots. */
function sequences(tokens: readonly string[], maxTokens: number): string[] {
  if (maxTokens < 1) return []
  return [...tokens, ...sequences(tokens, maxTokens - 1).flatMap((rest) => tokens.map((token) => `${token}.${rest}`))]
}

export const anyPattern: fc.Arbitrary<Pattern> = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, tail]) => pattern(tail ? [...tokens.slice(1), '>'].join('.') : tokens.join('.')))

const patterns = fc.array(anyPattern, { minLength: 1, maxLength: 3 })
const queues = fc.option(fc.uniqueArray(fc.constantFrom(...queueTexts).map(pattern), { minLength: 1, maxLength: 2 }), {
  nil: undefined,
})

export const anyGrant: fc.Arbitrary<Grant> = fc.oneof(
  fc.record({ verb: fc.constant('publish' as const), patterns }),
  fc.record({ verb: fc.constant('request' as const), patterns }),
  fc.tuple(patterns, queues).map(([patterns, queues]) => withQueues({ verb: 'subscribe' as const, patterns }, queues)),
  fc
    .tuple(patterns, queues, fc.constantFrom(-1, 1, 5), fc.constantFrom(-1, 1_000, 60_000))
    .map(([patterns, queues, maxReplies, replyWithinMs]) =>
      withQueues({ verb: 'respond' as const, patterns, maxReplies, replyWithinMs }, queues),
    ),
)

function withQueues<T extends object>(
  grant: T,
  queues: readonly Pattern[] | undefined,
): T & { queues?: readonly Pattern[] } {
  return queues === undefined ? grant : { ...grant, queues }
}

/** Some grants with parts left out. */
export const anyGrantWithHoles: fc.Arbitrary<Grant> = fc
  .tuple(anyGrant, fc.option(patterns, { nil: undefined, freq: 2 }))
  .map(([grant, except]) => (except === undefined ? grant : { ...grant, except }))

/** Rules that match every principal; {@link anyMatcherEntry} is for the others. */
const everybody: readonly MatcherEntry[] = [{ authenticated: true }]

const anyName = fc.constantFrom('first', 'second', 'third')

export function ruleOf(effect: 'allow' | 'deny', grant: Grant, name = 'rule'): GrantRule {
  return { effect, principals: everybody, grant, origin: { kind: 'SubjectPolicy', namespace: 'shop', name } }
}

export const anyAllowRule: fc.Arbitrary<GrantRule> = fc
  .tuple(anyGrant, anyName)
  .map(([grant, name]) => ruleOf('allow', grant, name))

export const anyDenyRule: fc.Arbitrary<GrantRule> = fc
  .tuple(anyGrant, anyName)
  .map(([grant, name]) => ruleOf('deny', grant, name))

export const anyCeiling: fc.Arbitrary<CeilingRule> = fc
  .record({
    publish: fc.array(anyPattern, { maxLength: 3 }),
    subscribe: fc.array(anyPattern, { maxLength: 3 }),
    name: anyName,
  })
  .map(({ publish, subscribe, name }) => ({
    principals: everybody,
    publish,
    subscribe,
    origin: { kind: 'SubjectCeiling', name },
  }))

export const anyAccountRule: fc.Arbitrary<AccountRule> = fc
  .constantFrom('private' as const, 'shared' as const)
  .map((inbox) => ({
    account: 'SHOP',
    principals: everybody,
    inbox,
    origin: { kind: 'AccountMap', name: 'accounts', rule: 0 },
  }))

/** A whole policy under which every principal lives in `SHOP`. */
export const anyModel: fc.Arbitrary<Model> = modelOf(anyAllowRule, anyDenyRule)

/** The same, with grants and denies that leave something out. */
export const anyModelWithHoles: fc.Arbitrary<Model> = modelOf(
  anyGrantWithHoles.map((grant) => ruleOf('allow', grant)),
  anyGrantWithHoles.map((grant) => ruleOf('deny', grant)),
)

function modelOf(allow: fc.Arbitrary<GrantRule>, deny: fc.Arbitrary<GrantRule>): fc.Arbitrary<Model> {
  return fc
    .record({
      account: anyAccountRule,
      allows: fc.array(allow, { maxLength: 5 }),
      denies: fc.oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        { weight: 2, arbitrary: fc.array(deny, { maxLength: 3 }) },
      ),
      ceilings: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(anyCeiling, { maxLength: 2 }) },
      ),
    })
    .map(({ account, allows, denies, ceilings }) => ({
      accounts: [account],
      grants: [...allows, ...denies],
      limits: [],
      ceilings,
    }))
}

export const anyPrincipal: fc.Arbitrary<Principal> = fc.oneof(
  fc
    .record({
      trustDomain: fc.constantFrom('shop.example', 'old.shop.example', 'other.example'),
      path: fc.constantFrom(
        '/ns/shop/sa/orders',
        '/ns/shop/sa/payments',
        '/ns/tools/sa/orders',
        '/ns/ci/taskrun/build',
      ),
    })
    .map(({ trustDomain, path }) => workload(`spiffe://${trustDomain}${path}`)),
  fc
    .record({
      issuer: fc.constantFrom('https://login.example', 'https://login.example/realms/shop'),
      subject: fc.constantFrom('alice', 'bob', ''),
      groups: fc.subarray(['staff', 'admins']),
      claims: fc.constantFrom({}, { role: 'admin' }, { roles: ['admin', 'viewer'] }, { realm: { role: 'admin' } }),
    })
    .map(({ issuer, subject, groups, claims }) => requestPrincipal({ issuer, subject, claims }, groups)),
)

const anyPart = fc.constantFrom('shop', 'tools', 'orders', 'payments', '*')

/** One or two fields, as many values as there are principals to match. */
export const anyMatcherEntry: fc.Arbitrary<MatcherEntry> = fc
  .tuple(
    fc.oneof<fc.Arbitrary<MatcherEntry>[]>(
      fc.record({ serviceAccount: fc.record({ namespace: anyPart, name: anyPart }) }),
      fc.record({ namespace: fc.constantFrom('shop', 'tools') }),
      fc.record({ trustDomain: fc.constantFrom('shop.example', 'old.shop.example', 'other.example') }),
      fc.record({
        spiffeId: fc.constantFrom(
          { exact: 'spiffe://shop.example/ns/shop/sa/orders' },
          { prefix: 'spiffe://other.example/ns/shop/' },
          { prefix: 'spiffe://shop.example/ns' },
          { prefix: 'spiffe://shop.example/' },
        ),
      }),
      fc.record({
        requestPrincipal: fc.constantFrom(
          '*',
          'https://login.example/alice',
          'https://login.example/*',
          '*/bob',
          '*ice',
          'https://*',
        ),
      }),
      fc.record({ issuer: fc.constantFrom('https://login.example', 'https://login.example/realms/shop') }),
      fc.record({ claims: fc.constantFrom({ role: 'admin' }, { roles: 'viewer' }, { 'realm.role': 'admin' }) }),
      fc.record({ group: fc.constantFrom('staff', 'system:authenticated', 'system:serviceaccounts:shop') }),
      fc.constant({ authenticated: true as const }),
    ),
    fc.option(fc.record({ trustDomain: fc.constantFrom('shop.example', 'old.shop.example', 'other.example') }), {
      nil: {},
      freq: 1,
    }),
  )
  .map(([entry, more]) => Object.assign({}, entry, more))
