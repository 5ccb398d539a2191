/** Each reason for a difference between HTTP and NATS, and each note, in a policy that has it. */
import { describe, expect, test } from 'vitest'
import { answer } from '../../src/answers/ask.ts'
import type { Drift, DriftLine } from '../../src/answers/drift/line.ts'
import { parseTopology, type Topology } from '../../src/audit/topology.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'

const OURS = 'apiVersion: nats-identity-bridge.dev/v1alpha1'
const ISTIO = 'apiVersion: security.istio.io/v1'

const ACCOUNTS = `${OURS}
kind: AccountMap
metadata: { name: accounts }
spec:
  accounts:
    - { account: SHOP, principals: [{ namespace: shop }] }
    - { account: TOOLS, principals: [{ namespace: tools }] }
`

function routes(lines: readonly string[], more = ''): string {
  return `${OURS}
kind: SubjectRoute
metadata: { name: orders, namespace: shop }
spec:
  workload: { labels: { app: orders }, serviceAccount: orders }
  port: 8080
${more}  routes:
${lines.map((line) => `    - ${line}`).join('\n')}
`
}

const ONE = `{ subject: 'r.{id}', method: GET, path: '/o/{id}' }`

function istio(name: string, spec: string, annotations = ''): string {
  return `${ISTIO}
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: shop${annotations} }
spec:
  selector: { matchLabels: { app: orders } }
${spec}
`
}

const WEB = `- from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]`
const ALLOW_WEB = istio('allow', `  rules:\n    ${WEB}\n      to: [{ operation: { methods: [GET], paths: [/o/*] } }]`)

function subjectPolicy(spec: string): string {
  return `${OURS}\nkind: SubjectPolicy\nmetadata: { name: more, namespace: shop }\nspec:\n${spec}\n`
}

const GRANT_WEB = subjectPolicy(`  principals: [{ serviceAccount: shop/web }]\n  grants: [{ publish: [r.>] }]`)

function driftOf(...documents: readonly string[]): Drift {
  return driftAmong(undefined, documents)
}

function driftAmong(topology: Topology | undefined, documents: readonly string[]): Drift {
  const compile = createCompiler({
    trustDomains: { local: 'cluster.local', aliases: [] },
    forbiddenAccounts: [],
    hash: sha256Hex,
  })
  const { snapshot, ...beside } = compile([{ file: 'policy.yaml', text: documents.join('---\n') }])
  if (snapshot === undefined) throw new Error(JSON.stringify(beside))
  const answered = answer(
    { ask: 'drift' },
    { snapshot, ...beside, ...(topology && { topology }) },
    { decide: createDecide(sha256Hex), compile },
  )
  if (!answered.ok || answered.value.ask !== 'drift') throw new Error('no drift')
  return answered.value
}

function short({ direction, reason, principals, patterns, subjects, without, extent }: DriftLine): string {
  const where = `${extent === 'part' ? 'some of ' : ''}${subjects.join(' ')}${without.length === 0 ? '' : ` without ${without.join(' ')}`}`
  const who = [...principals.map((name) => name.replace(/^.*\/ns\/(.*)\/sa\//, '$1/')), ...patterns].join(', ')
  return `${direction} ${reason.code}: ${who} on ${where}`
}

describe('HTTP and NATS agree', () => {
  test('where the route says all that the policies say', () => {
    expect(driftOf(ACCOUNTS, routes([ONE]), ALLOW_WEB)).toMatchObject({
      services: 1,
      lines: [],
      notes: [],
      complete: true,
    })
  })

  test('where there is no route', () => {
    expect(driftOf(ACCOUNTS, GRANT_WEB)).toMatchObject({ services: 0, lines: [], notes: [] })
  })
})

describe('NATS gives less', () => {
  test('to whoever has no login', () => {
    const policy = istio('allow', `  rules:\n    - from: [{ source: { principals: [cluster.local/ns/hr/sa/bot] } }]`)
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), policy)
    expect(lines.map(short)).toEqual(['less no-login: hr/bot on r.*'])
    expect(lines[0]?.reason.message).toContain('ACCOUNT_NONE')
    expect(lines[0]?.http.map(nameOrigin)).toEqual(['AuthorizationPolicy shop/allow[0]'])
  })

  test('to whoever lives in another account than the workload', () => {
    const policy = istio('allow', `  rules:\n    - from: [{ source: { namespaces: [tools] } }]`)
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), policy)
    expect(lines.map(short)).toEqual(['less other-account: any ServiceAccount of namespace tools on r.*'])
    expect(lines[0]?.nats.map(nameOrigin)).toEqual(['AccountMap accounts[1]'])
  })

  test('but not where that account imports the subject, under its name', () => {
    const policy = istio('allow', `  rules:\n    - from: [{ source: { namespaces: [tools] } }]`)
    const importing = (subject: string, localSubject: string): string[] => {
      const imports = [{ kind: 'service', account: 'SHOP', subject, localSubject }]
      const topology = parseTopology({ accounts: { TOOLS: { imports } } })
      if (!topology.ok) throw new Error(topology.error)
      return driftAmong(topology.value, [ACCOUNTS, routes([ONE]), policy]).lines.map(short)
    }
    const who = 'any ServiceAccount of namespace tools'
    expect(importing('r.*', 'r.*')).toEqual([])
    expect(importing('r.a', 'r.a')).toEqual([`less other-account: ${who} on r.* without r.a`])
    expect(importing('r.*', 'shop.*')).toEqual([`less other-account: ${who} on r.*`])
  })

  test('where no ALLOW policy selects the workload, unless the route says Allow', () => {
    const away = 'less other-account: any ServiceAccount of namespace tools on r.*'
    expect(driftOf(ACCOUNTS, routes([ONE])).lines.map(short)).toEqual([
      'less route-no-policy: shop/orders, any ServiceAccount of namespace shop on r.*',
      away,
    ])
    expect(driftOf(ACCOUNTS, routes([ONE], '  whenNoPolicy: Allow\n')).lines.map(short)).toEqual([away])
  })

  test('where half of a segment decides', () => {
    const policy = istio('allow', `  rules:\n    ${WEB}\n      to: [{ operation: { paths: [/o/a*] } }]`)
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), policy)
    expect(lines.map(short)).toEqual(['less route-inexact: shop/web on some of r.*'])
    expect(lines[0]?.example.subject).toMatch(/^r\.a./)
    expect(lines[0]?.example.operation).toBe(`GET /o/${lines[0]?.example.subject.slice(2)}`)
    expect(lines[0]?.reason.message).toContain('rule 0 of AuthorizationPolicy shop/allow allows "/o/a*"')
  })

  test('and it is not certain, where a rule asks for what nobody knows on NATS', () => {
    const policy = istio('allow', `  rules:\n    ${WEB}\n      when: [{ key: 'request.headers[x-a]', values: [b] }]`)
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), policy)
    expect(lines.map(short)).toEqual(['less route-unknown: shop/web on r.*'])
    expect(lines[0]?.certain).toBe(false)
  })

  test('where a provider would be asked', () => {
    const custom = istio(
      'ask',
      `  action: CUSTOM\n  provider: { name: opa }\n  rules: [{ to: [{ operation: { paths: [/o/x] } }] }]`,
    )
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, custom)
    expect(lines.map(short)).toEqual(['less route-custom: shop/web on r.x'])
    expect(lines[0]?.certain).toBe(false)
  })

  test('where a SubjectPolicy denies, and only there', () => {
    const deny = subjectPolicy(
      `  action: DENY\n  principals: [{ serviceAccount: shop/web }]\n  grants: [{ publish: [r.b] }]`,
    )
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, deny)
    expect(lines.map(short)).toEqual(['less denied: shop/web on r.b'])
    expect(lines[0]?.nats.map(nameOrigin)).toEqual(['SubjectPolicy shop/more[0]'])
  })

  test('where the ceiling ends', () => {
    const ceiling = `${OURS}\nkind: SubjectCeiling\nmetadata: { name: low }\nspec: { principals: [{ serviceAccount: shop/web }], publish: [r.a], subscribe: [] }\n`
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, ceiling)
    expect(lines.map(short)).toEqual(['less capped: shop/web on r.* without r.a'])
    expect(lines[0]?.nats.map(nameOrigin)).toEqual(['SubjectCeiling low'])
  })

  test('where two documents claim a subject', () => {
    const other = routes([`{ subject: r.a, method: GET, path: /a }`]).replace('name: orders', 'name: others')
    const { lines } = driftOf(ACCOUNTS, routes([ONE]), other, ALLOW_WEB)
    expect(lines.filter(({ service }) => service === 'shop/orders').map(short)).toEqual([
      'less route-overlap: shop/web on r.a',
    ])
  })
})

describe('NATS gives more', () => {
  test('where a SubjectPolicy grants what HTTP refuses, to the known and the described', () => {
    const { lines } = driftOf(
      ACCOUNTS,
      routes([ONE, `{ subject: r.new.one, method: POST, path: /o }`]),
      ALLOW_WEB,
      GRANT_WEB,
      subjectPolicy(`  principals: [{ namespace: tools }]\n  grants: [{ publish: [r.a] }]`).replace('more', 'tools'),
      subjectPolicy(`  principals: [{ namespace: shop }]\n  grants: [{ publish: [r.a] }]`).replace('more', 'all'),
    )
    // Whoever lives in another account has it there, where no workload answers.
    expect(lines.map(short)).toEqual([
      'more granted-beside: shop/orders, any ServiceAccount of namespace shop on r.a',
      'more granted-beside: shop/web on r.new.one',
    ])
    expect(lines[1]).toMatchObject({ operations: ['POST /o'], example: { operation: 'POST /o', subject: 'r.new.one' } })
    expect(lines[1]?.nats.map(nameOrigin)).toEqual(['SubjectPolicy shop/more[0]'])
    expect(lines[1]?.http).toEqual([])
  })

  test('once for all methods of a route', () => {
    const { lines } = driftOf(
      ACCOUNTS,
      routes([`{ subject: 'r.{method}.{rest...}', path: '/{rest...}' }`]),
      istio('allow', `  rules:\n    ${WEB}\n      to: [{ operation: { methods: [GET] } }]`),
      GRANT_WEB,
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]?.operations).toEqual(
      ['DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'].map((method) => `${method} /{rest...}`),
    )
    expect(lines[0]?.subjects).toContain('r.put.>')
  })

  test('to one who subscribes, in a queue group or in none', () => {
    const route = `{ subject: r.events, method: GET, path: /events, caller: subscribe }`
    const grant = subjectPolicy(
      `  principals: [{ serviceAccount: shop/spy }]\n  grants: [{ subscribe: [r.>], queue: [q] }]`,
    )
    expect(driftOf(ACCOUNTS, routes([route]), ALLOW_WEB, grant).lines.map(short)).toEqual([
      'more granted-beside: shop/spy on r.events',
    ])
  })
})

describe('it notes', () => {
  const notesOf = (...documents: readonly string[]) => driftOf(...documents).notes.map(({ code }) => code)

  test('a route that nobody may call, and paths that no route stands for', () => {
    const policy = istio('allow', `  rules:\n    ${WEB}\n      to: [{ operation: { paths: [/healthz] } }]`)
    expect(notesOf(ACCOUNTS, routes([ONE]), policy)).toEqual(['route-nobody', 'route-paths'])
  })

  test('a workload that cannot log in', () => {
    expect(notesOf(ACCOUNTS.replace('namespace: shop', 'serviceAccount: shop/web'), routes([ONE]), ALLOW_WEB)).toEqual([
      'service-no-login',
    ])
  })

  test('a ServiceAccount that is missing among those that are there', () => {
    const account = (name: string): string =>
      `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: shop }\n`
    expect(notesOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, account('web'))).toEqual(['service-account-missing'])
    expect(notesOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, account('web'), account('orders'))).toEqual([])
  })

  test('what a dry-run policy would change', () => {
    const dry = (spec: string): string => istio('dry', spec, `, annotations: { istio.io/dry-run: 'true' }`)
    const deny = dry(`  action: DENY\n  rules: [{ to: [{ operation: { paths: [/o/x] } }] }]`)
    const { lines, notes } = driftOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, deny)
    expect(lines).toEqual([])
    expect(notes.map(({ message }) => message)).toEqual([
      'with the dry-run policies in force, some of r.{id} would be refused in place of allowed for spiffe://cluster.local/ns/shop/sa/web',
    ])
    const same = dry(`  rules:\n    ${WEB}\n      to: [{ operation: { methods: [GET], paths: [/o/a] } }]`)
    expect(notesOf(ACCOUNTS, routes([ONE]), ALLOW_WEB, same)).toEqual([])
  })
})
