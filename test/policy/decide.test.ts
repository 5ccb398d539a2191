/** Accounts, inboxes, limits, sizes, and what is held beside a snapshot. What may be used is in permissions.test.ts. */
import { describe, expect, test } from 'vitest'
import type { Allowed, Decision } from '../../src/policy/decision.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, Grant, GrantRule, InboxKind, Limits, LimitRule, Model } from '../../src/policy/model.ts'
import { MAX_PERMISSIONS_BYTES } from '../../src/policy/size.ts'
import type { Pattern } from '../../src/subject/index.ts'
import { pattern, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const ordersInbox = '_INBOX_b57c1878c322dd607c2ebc4d64de5db3'
const shop: MatcherEntry = { namespace: 'shop' }
const tools: MatcherEntry = { namespace: 'tools' }
const everybody: MatcherEntry = { authenticated: true }

function account(name: string, entry: MatcherEntry, inbox: InboxKind = 'private', rule = 0): AccountRule {
  return { account: name, principals: [entry], inbox, origin: { kind: 'AccountMap', name: 'accounts', rule } }
}

function grantRule(name: string, entry: MatcherEntry, ...patterns: string[]): GrantRule {
  const origin = { kind: 'SubjectPolicy', namespace: 'shop', name }
  return { effect: 'allow', principals: [entry], grant: { verb: 'publish', patterns: patterns.map(pattern) }, origin }
}

function limit(limits: Limits, entry: MatcherEntry = everybody): LimitRule {
  return { principals: [entry], limits, origin: { kind: 'SubjectPolicy', namespace: 'shop', name: 'limits' } }
}

function decide(model: Partial<Model>): Decision {
  return createDecide(sha256Hex)(snapshotOf(model), orders)
}

function allowed(model: Partial<Model>): Allowed {
  const decision = decide({ accounts: [account('SHOP', shop)], ...model })
  if (decision.effect === 'deny') throw new Error(decision.code)
  return decision
}

describe('the account', () => {
  test('is the one that an entry gives', () => {
    expect(allowed({ accounts: [account('TOOLS', tools), account('SHOP', shop)] }).account).toBe('SHOP')
  })

  test('is missing where no entry matches', () => {
    expect(decide({ accounts: [account('TOOLS', tools)] })).toEqual({ effect: 'deny', code: 'ACCOUNT_NONE', rules: [] })
  })

  test('is refused where entries disagree, and the refusal names them', () => {
    const accounts = [
      account('SHOP', shop, 'private', 0),
      account('TOOLS', tools, 'private', 1),
      account('ALL', everybody, 'private', 2),
    ]
    expect(decide({ accounts })).toEqual({
      effect: 'deny',
      code: 'ACCOUNT_CONFLICT',
      rules: [
        { kind: 'AccountMap', name: 'accounts', rule: 0 },
        { kind: 'AccountMap', name: 'accounts', rule: 2 },
      ],
    })
  })

  test('may be given by several entries that agree', () => {
    expect(allowed({ accounts: [account('SHOP', shop), account('SHOP', everybody)] }).account).toBe('SHOP')
  })
})

describe('the inbox', () => {
  test('is private by the name of the principal', () => {
    expect(allowed({})).toMatchObject({ inbox: 'private', inboxPrefix: ordersInbox })
  })

  test('is shared where the account says so', () => {
    const accounts = [account('SHOP', shop, 'shared')]
    const grants = [{ ...grantRule('ask', shop), grant: { verb: 'request' as const, patterns: [pattern('svc')] } }]
    const decision = allowed({ accounts, grants })
    expect(decision).toMatchObject({ inbox: 'shared', inboxPrefix: '_INBOX' })
    expect(decision.permissions.filtering.sub.allow).toEqual(['_INBOX.>'])
  })

  test('is private where entries for the same account disagree', () => {
    const accounts = [account('SHOP', shop, 'shared'), account('SHOP', everybody, 'private')]
    expect(allowed({ accounts }).inbox).toBe('private')
    expect(allowed({ accounts: accounts.toReversed() }).inbox).toBe('private')
  })

  test('differs between principals', () => {
    const decideOnce = createDecide(sha256Hex)
    const snapshot = snapshotOf({ accounts: [account('SHOP', everybody)] })
    const prefixes = ['orders', 'payments'].map((name) => {
      const decision = decideOnce(snapshot, workload(`spiffe://shop.example/ns/shop/sa/${name}`))
      return decision.effect === 'allow' ? decision.inboxPrefix : decision.code
    })
    expect(new Set(prefixes).size).toBe(2)
  })
})

describe('limits', () => {
  test('are absent where no rule sets any', () => {
    expect(allowed({}).limits).toEqual({})
  })

  test('are the strictest of those that match', () => {
    const limits = [
      limit({ maxSessionSeconds: 600, connectionTypes: ['websocket', 'nats'] }),
      limit({ maxSessionSeconds: 60 }),
      limit({ connectionTypes: ['nats', 'mqtt'] }),
      limit({ maxSessionSeconds: 1 }, tools),
    ]
    expect(allowed({ limits }).limits).toEqual({ maxSessionSeconds: 60, connectionTypes: ['nats'] })
  })

  test('that have no kind of connection in common leave none', () => {
    const limits = [limit({ connectionTypes: ['nats'] }), limit({ connectionTypes: ['mqtt'] })]
    expect(allowed({ limits }).limits).toEqual({ connectionTypes: [] })
  })
})

describe('the rules named', () => {
  test('are those that matched, sorted, each once', () => {
    const grants = [
      grantRule('b', shop, 'x'),
      grantRule('a', shop, 'y'),
      grantRule('b', shop, 'z'),
      grantRule('other', tools, 'w'),
    ]
    const ceilings = [
      { principals: [shop], publish: [], subscribe: [], origin: { kind: 'SubjectCeiling', name: 'top' } },
    ]
    expect(allowed({ grants, ceilings, limits: [limit({ maxSessionSeconds: 5 })] }).rules).toEqual([
      { kind: 'AccountMap', name: 'accounts', rule: 0 },
      { kind: 'SubjectCeiling', name: 'top' },
      { kind: 'SubjectPolicy', namespace: 'shop', name: 'a' },
      { kind: 'SubjectPolicy', namespace: 'shop', name: 'b' },
      { kind: 'SubjectPolicy', namespace: 'shop', name: 'limits' },
    ])
  })

  test('count as numbers: rule 2 before rule 10', () => {
    const accounts = [10, 2, 0].map((rule) => account('SHOP', shop, 'private', rule))
    expect(allowed({ accounts }).rules.map(({ rule }) => rule)).toEqual([0, 2, 10])
  })
})

describe('a decision', () => {
  const snapshot = snapshotOf({ accounts: [account('SHOP', everybody)], grants: [grantRule('a', shop, 'x')] })

  test('is worked out once for a snapshot and a principal', () => {
    const decideOnce = createDecide(sha256Hex)
    expect(decideOnce(snapshot, orders)).toBe(decideOnce(snapshot, orders))
  })

  test('is another for another snapshot, even of the same id', () => {
    const decideOnce = createDecide(sha256Hex)
    const next = snapshotOf({ accounts: [account('SHOP', everybody)] })
    expect([snapshot, next, snapshot].map((each) => publishedUnder(decideOnce(each, orders)))).toEqual([
      ['x'],
      [],
      ['x'],
    ])
  })

  test('depends on nothing that was decided before', () => {
    const warm = createDecide(sha256Hex)
    warm(snapshot, workload('spiffe://shop.example/ns/tools/sa/build'))
    expect(warm(snapshot, orders)).toEqual(createDecide(sha256Hex)(snapshot, orders))
  })
})

function publishedUnder(decision: Decision): readonly string[] {
  return decision.effect === 'allow' ? decision.permissions.filtering.pub.allow : []
}

/** Entries of exactly 1,000 bytes. */
function entries(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `e${String(number).padStart(998, '0')}.`.slice(0, 999) + 'x')
}

describe('permissions', () => {
  test('fit up to the bound, and not beyond', () => {
    const most = Math.floor(MAX_PERMISSIONS_BYTES / 1_003)
    expect(decide({ accounts: [account('SHOP', shop)], grants: [grantRule('a', shop, ...entries(most))] }).effect).toBe(
      'allow',
    )
    expect(
      decide({ accounts: [account('SHOP', shop)], grants: [grantRule('big', shop, ...entries(most + 1))] }),
    ).toEqual({
      effect: 'deny',
      code: 'PERMISSIONS_TOO_LARGE',
      rules: [
        { kind: 'AccountMap', name: 'accounts', rule: 0 },
        { kind: 'SubjectPolicy', namespace: 'shop', name: 'big' },
      ],
    })
  })

  test('at the bound fit the megabyte that nats-server reads, twice in base64url', () => {
    const { filtering } = allowed({
      grants: [grantRule('a', shop, ...entries(Math.floor(MAX_PERMISSIONS_BYTES / 1_003)))],
    }).permissions
    const json = JSON.stringify(filtering)
    expect(json.length).toBeLessThanOrEqual(MAX_PERMISSIONS_BYTES)
    expect(json.length).toBeGreaterThan(MAX_PERMISSIONS_BYTES - 2_000)
    const userJwt = Buffer.from(json).toString('base64url')
    const response = Buffer.from(JSON.stringify({ jwt: userJwt })).toString('base64url')
    expect(response.length).toBeLessThan(0.75 * 1024 * 1024)
  })

  test('that only old servers need too many words for are nothing there, and refuse nobody elsewhere', () => {
    const shops = Array.from({ length: 300 }, (_, number) => `${'x'.repeat(20)}${number}`)
    const allow = { verb: 'subscribe' as const, patterns: shops.map((name) => pattern(`*.${name}.v1`)) }
    const deny = {
      verb: 'subscribe' as const,
      patterns: Array.from({ length: 90 }, (_, number) => pattern(`s${number}.>`)),
    }
    const one = { verb: 'subscribe' as const, patterns: shops.slice(0, 10).map((name) => pattern(`*.${name}.v1`)) }
    const rules = (grant: Grant): GrantRule[] => [
      { ...grantRule('allow', shop, 'x'), grant },
      { ...grantRule('deny', shop, 'x'), effect: 'deny', grant: deny },
    ]
    expect(allowed({ grants: rules(one) }).permissions.legacy.sub.deny).toHaveLength(900)
    const { permissions, shortfalls } = allowed({ grants: rules(allow) })
    expect(permissions.filtering.sub.allow).toHaveLength(300)
    expect(permissions.legacy).toEqual({ pub: { allow: [], deny: ['>'] }, sub: { allow: [], deny: ['>'] } })
    expect(shortfalls.legacy).toEqual([
      { pattern: '>', reason: 'the permissions for this server version do not fit into one user JWT' },
    ])
  })

  test('that take a product of their patterns to work out are refused, and no other login waits for them', () => {
    // Of ten tokens each five are free, so that every pattern meets every other: 252 patterns in four lengths, and one small list.
    const crossing = Array.from({ length: 1024 }, (_, bits) => bits.toString(2).padStart(10, '0'))
      .filter((bits) => bits.replaceAll('0', '').length === 5)
      .map((bits) => Array.from(bits, (bit, at) => (bit === '1' ? '*' : `t${at}`)).join('.'))
    const patterns = ['', '.z', '.z.z', '.z.z.z'].flatMap((end) => crossing.map((text) => pattern(`a.${text}${end}.*`)))
    const of = (some: readonly Pattern[]): Decision =>
      decide({
        accounts: [account('SHOP', shop)],
        grants: [{ ...grantRule('cross', shop, 'x'), grant: { verb: 'subscribe', patterns: some } }],
      })
    const refused = of(patterns)
    expect(refused.effect === 'deny' && refused.code).toBe('PERMISSIONS_TOO_LARGE')
    expect(refused.rules.map(({ kind }) => kind)).toEqual(['AccountMap', 'SubjectPolicy'])
    // What a team writes stays far below.
    expect(of(patterns.slice(0, 100)).effect).toBe('allow')
    const many = Array.from({ length: 3000 }, (_, number) => pattern(`shop.x${number}.*`))
    expect(of(many).effect).toBe('allow')
  })

  test('do not grow with the product of grants and ceilings', () => {
    const [across, along] = [0, 1].map((way) =>
      Array.from({ length: 700 }, (_, n) => pattern(way === 0 ? `a.x${n}.*.>` : `a.*.y${n}.>`)),
    )
    const origin = { kind: 'SubjectCeiling', name: 'cap' }
    const ceilings = [{ principals: [shop], publish: along ?? [], subscribe: [], origin }]
    const grants: GrantRule[] = [{ ...grantRule('a', shop, 'x'), grant: { verb: 'publish', patterns: across ?? [] } }]
    const decided = decide({ accounts: [account('SHOP', shop)], ceilings, grants })
    expect(decided.effect === 'deny' && decided.code).toBe('PERMISSIONS_TOO_LARGE')
  })

  test('are measured in bytes, not in characters', () => {
    const wide = Array.from({ length: 460 }, (_, number) => `${'é€𝒜'.repeat(100)}.${String(number).padStart(3, '0')}`)
    const bytes = Buffer.byteLength(JSON.stringify(wide))
    expect(bytes).toBeGreaterThan(MAX_PERMISSIONS_BYTES)
    expect(JSON.stringify(wide).length).toBeLessThan(MAX_PERMISSIONS_BYTES)
    expect(decide({ accounts: [account('SHOP', shop)], grants: [grantRule('a', shop, ...wide)] })).toMatchObject({
      code: 'PERMISSIONS_TOO_LARGE',
    })
  })
})
