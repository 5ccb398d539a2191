/** Single rules where an example says too little: sizes, side doors, comments, brokers that are found in other ways. */
import { describe, expect, test } from 'vitest'
import { codesOf, lintFiles, lintText } from './support.ts'

const HEAD = 'apiVersion: nats-identity-bridge.dev/v1alpha1\nkind: SubjectPolicy\n'

function policy(name: string, spec: string, annotations = '{}'): string {
  return `${HEAD}metadata: { name: ${name}, namespace: shop, annotations: ${annotations} }\nspec: ${spec}\n`
}

function istio(name: string, spec: string, namespace = 'shop'): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`
}

const JETSTREAM = '{ nats-identity-bridge.dev/waive: reach-jetstream }'
const WEB = '{ source: { principals: [cluster.local/ns/shop/sa/web] } }'

describe('permissions', () => {
  function publishing(count: number): string {
    const subjects = Array.from({ length: count }, (_, index) => `shop.${'x'.repeat(200)}.${index}`)
    const documents = [0, 1, 2, 3].map((part) =>
      policy(
        `part-${part}`,
        `{ principals: [{ serviceAccount: shop/orders }], grants: [{ publish: [${subjects.filter((_, i) => i % 4 === part).join(', ')}] }] }`,
      ),
    )
    return documents.join('---\n')
  }

  test('near the limit are a warning, beyond it an error', () => {
    expect(codesOf(lintText(publishing(800)))).toEqual([])
    const near = lintText(publishing(1200))
    expect(near.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning permissions-near-limit'])
    expect(near.findings[0]?.message).toMatch(/shop\/sa\/orders take 6\d % of what fits/)
    const beyond = lintText(publishing(2400))
    expect(beyond.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['error permissions-too-large'])
  })
})

describe('side doors of JetStream', () => {
  const grant = (subject: string): string =>
    policy(
      'reports',
      `{ principals: [{ serviceAccount: shop/reports }], grants: [{ publish: ['${subject}'] }] }`,
      JETSTREAM,
    )
  const deny = policy(
    'secret',
    "{ action: DENY, principals: [{ namespace: shop }], grants: [{ subscribe: ['$KV.pins.>', hr.>] }] }",
  )

  test.for([
    ['$JS.API.STREAM.MSG.GET.ORDERS', 'jetstream-whole-stream'],
    ['$JS.API.STREAM.*.*.ORDERS', 'jetstream-admin jetstream-whole-stream'],
    ['$JS.API.DIRECT.GET.ORDERS', 'jetstream-whole-stream'],
    ['$JS.API.DIRECT.GET.ORDERS.shop.>', ''],
    ['$JS.API.CONSUMER.CREATE.ORDERS', 'jetstream-whole-stream'],
    ['$JS.API.CONSUMER.CREATE.ORDERS.c', 'jetstream-whole-stream'],
    ['$JS.API.CONSUMER.CREATE.ORDERS.>', 'jetstream-whole-stream'],
    ['$JS.API.CONSUMER.CREATE.ORDERS.c.shop.>', ''],
    ['$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.c', 'jetstream-whole-stream'],
    ['$JS.API.CONSUMER.MSG.NEXT.ORDERS.c', ''],
    ['$JS.API.STREAM.INFO.ORDERS', ''],
    ['$JS.API.STREAM.PURGE.ORDERS', 'jetstream-admin'],
    ['$JS.API.STREAM.SNAPSHOT.ORDERS', 'jetstream-admin'],
    ['$JS.API.>', 'jetstream-whole-api'],
    ['$JS.>', 'jetstream-whole-api'],
    ['$JS.leaf.API.>', 'jetstream-whole-api'],
    ['$JS.leaf.API.STREAM.DELETE.ORDERS', 'jetstream-admin'],
    ['$JS.ACK.ORDERS.c.>', ''],
  ] satisfies [string, string][])('%s is told as: %s', ([subject, codes]) => {
    expect(codesOf(lintText(grant(subject))).join(' ')).toBe(codes)
  })

  test.for([
    // The filter, or the bucket, says what is delivered.
    ['$JS.API.CONSUMER.CREATE.EVENTS.c.hr.salaries', 'error'],
    ['$JS.API.DIRECT.GET.KV_pins.$KV.pins.anna', 'error'],
    ['$JS.API.STREAM.MSG.GET.KV_pins', 'error'],
    // Nobody knows what the stream holds.
    ['$JS.API.STREAM.MSG.GET.EVENTS', 'warning'],
    ['$JS.API.CONSUMER.CREATE.EVENTS.c.shop.>', undefined],
    ['$JS.API.DIRECT.GET.KV_theme.$KV.theme.anna', undefined],
    ['$JS.API.STREAM.MSG.GET.KV_theme', undefined],
  ] satisfies [string, string | undefined][])('%s beside a DENY is told as %s', ([subject, severity]) => {
    const found = lintText(`${grant(subject)}---\n${deny}`).findings.find(
      ({ code }) => code === 'jetstream-evades-deny',
    )
    expect(found?.severity).toBe(severity)
  })

  test('a DENY for others is no DENY', () => {
    const others = deny.replace('namespace: shop }]', 'namespace: hr }]')
    expect(codesOf(lintText(`${grant('$JS.API.CONSUMER.CREATE.EVENTS.c.hr.>')}---\n${others}`))).toEqual([])
  })
})

describe('policies on NATS pods', () => {
  const METHODS = `{ rules: [{ from: [${WEB}], to: [{ operation: { methods: [GET] } }] }] }`
  const pod = (container: string): string =>
    `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: bus, namespace: shop }\nspec: { template: { metadata: { labels: { app: bus } }, spec: { containers: [${container}] } } }\n`

  test.for([
    ['the port of NATS', pod('{ name: x, image: registry.example/bus:1, ports: [{ containerPort: 4222 }] }')],
    ['the image of NATS', pod('{ name: x, image: nats:2.15-alpine }')],
  ] satisfies [string, string][])('are found by %s', ([, workload]) => {
    expect(codesOf(lintText(`${workload}---\n${istio('web', METHODS)}`))).toEqual(['istio-shuts-nats'])
  })

  test('are found by the namespace', () => {
    expect(codesOf(lintText(istio('web', METHODS, 'nats')))).toEqual(['istio-shuts-nats'])
    expect(codesOf(lintText(istio('web', METHODS, 'shop')))).toEqual([])
  })

  test('are an error when nothing is left, a warning when another rule still lets somebody in', () => {
    const tcp = `{ from: [{ source: { namespaces: [shop] } }], to: [{ operation: { ports: ['4222'] } }] }`
    const severities = (rules: string): unknown =>
      lintText(istio('web', `{ selector: { matchLabels: { app: nats } }, rules: [${rules}] }`)).findings.map(
        ({ severity }) => severity,
      )
    const http = `{ from: [${WEB}], to: [{ operation: { methods: [GET] } }] }`
    expect(severities(http)).toEqual(['error'])
    expect(severities(`${http}, ${tcp}`)).toEqual(['warning'])
    expect(severities(tcp)).toEqual([])
  })

  test('a DENY denies more than it says', () => {
    const found = lintText(
      istio(
        'admin',
        `{ action: DENY, selector: { matchLabels: { app: nats } }, rules: [{ to: [{ operation: { paths: [/admin] } }] }] }`,
      ),
    )
    expect(found.findings.map(({ code, severity }) => `${severity} ${code}`)).toContain('error istio-shuts-nats')
  })

  test('a policy for other pods, and one with targetRefs, is none of them', () => {
    const refs = `{ targetRefs: [{ kind: Service, group: '', name: nats }], rules: [{ to: [{ operation: { paths: [/a] } }] }] }`
    expect(codesOf(lintText(istio('web', refs, 'nats')))).toEqual([])
  })
})

describe('comments and names', () => {
  const withComment = (comment: string, rule: string): string =>
    `${istio('orders', '').replace('spec: \n', '')}spec:\n  selector: { matchLabels: { app: orders } }\n  rules:\n    # ${comment}\n    - ${rule}\n`

  test.for([
    ['Deny all other traffic', '{}', 'istio-allow-all-rule istio-deny-that-allows'],
    ['Block the guests', `{ from: [${WEB}] }`, 'istio-deny-that-allows'],
    ['Everything is denied by default; the shop may call', `{ from: [${WEB}] }`, ''],
    ['Allow the shop', `{ from: [${WEB}] }`, ''],
    [
      'Let the orders service call other services: to call all other services',
      '{ to: [{ operation: { paths: [/a] } }] }',
      'istio-outbound',
    ],
    ['Outbound to the payment provider', `{ from: [${WEB}] }`, 'istio-outbound'],
    ['Allow the web shop to call orders', `{ from: [${WEB}] }`, ''],
  ] satisfies [string, string, string][])('"%s" above %s is told as: %s', ([comment, rule, codes]) => {
    expect(codesOf(lintText(withComment(comment, rule))).join(' ')).toBe(codes)
  })

  test.for([
    ['deny-guests', 'istio-deny-that-allows'],
    ['block-bots', 'istio-deny-that-allows'],
    ['deny-all-except-web', ''],
    ['allow-web', ''],
    ['sidenya', ''],
  ] satisfies [string, string][])('an ALLOW named %s is told as: %s', ([name, codes]) => {
    expect(codesOf(lintText(istio(name, `{ rules: [{ from: [${WEB}] }] }`))).join(' ')).toBe(codes)
  })

  test('"deny-all" without rules is right, in each of its spellings', () => {
    for (const spec of ['{}', '', '{ rules: [] }', '{ action: ALLOW }']) {
      expect(codesOf(lintText(istio('deny-all', spec)))).toEqual([])
    }
    expect(codesOf(lintText(istio('deny-all', '{ action: DENY, rules: [{}] }')))).toEqual([])
  })
})

describe('rules that are split in two', () => {
  const to = (paths: string): string => `{ to: [{ operation: { paths: [${paths}] } }] }`

  test.for([
    ['callers, then an operation', `{ from: [${WEB}] }, ${to('/orders')}`, 'istio-from-to-split'],
    ['an operation, then callers', `${to('/orders')}, { from: [${WEB}] }`, 'istio-from-to-split'],
    ['callers, then health checks', `{ from: [${WEB}] }, ${to('/healthz, /metrics')}`, ''],
    ['a token, or a public path', `{ from: [{ source: { requestPrincipals: ['*'] } }] }, ${to('/catalogue')}`, ''],
    [
      'callers with an operation, then another',
      `{ from: [${WEB}], to: [{ operation: { paths: [/a] } }] }, ${to('/b')}`,
      '',
    ],
  ] satisfies [string, string, string][])('%s: %s', ([, rules, codes]) => {
    expect(codesOf(lintText(istio('orders', `{ rules: [${rules}] }`))).join(' ')).toBe(codes)
  })
})

describe('rules for anybody', () => {
  const OPEN = 'rules: [{ to: [{ operation: { methods: [GET] } }] }]'

  test('are no finding where gateways are there for everybody', () => {
    expect(codesOf(lintText(istio('web', `{ selector: { matchLabels: { app: web } }, ${OPEN} }`)))).toEqual([
      'istio-open-to-anyone',
    ])
    expect(
      codesOf(lintText(istio('web', `{ selector: { matchLabels: { istio: ingressgateway } }, ${OPEN} }`))),
    ).toEqual([])
    expect(
      codesOf(
        lintText(
          istio('web', `{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: g }], ${OPEN} }`),
        ),
      ),
    ).toEqual([])
  })
})

describe('grants that stand for many subjects', () => {
  const buckets = (first: string, second: string): string =>
    policy('a', `{ principals: [{ serviceAccount: shop/a }], grants: [{ kv: ${first} }, { kv: ${second} }] }`)

  test('share some of them, and are void only when another says them all', () => {
    expect(codesOf(lintText(buckets('{ bucket: x, read: [a] }', '{ bucket: y, read: [a] }')))).toEqual([])
    const covered = lintText(buckets("{ bucket: x, read: ['>'] }", '{ bucket: x, read: [a] }'))
    expect(covered.findings).toMatchObject([{ code: 'grant-covered', rule: 1, line: 4 }])
  })

  test('are told once, however many of their subjects lie outside a ceiling', () => {
    const ceiling =
      'apiVersion: nats-identity-bridge.dev/v1alpha1\nkind: SubjectCeiling\nmetadata: { name: c }\nspec: { principals: [{ namespace: shop }], publish: [shop.>], subscribe: [shop.>] }\n'
    const { findings } = lintText(`${buckets('{ bucket: x, read: [a] }', '{ bucket: y, read: [a] }')}---\n${ceiling}`)
    expect(findings.map(({ code, rule }) => `${code} ${rule}`)).toEqual([
      'grant-outside-ceiling 0',
      'grant-outside-ceiling 1',
    ])
    expect(findings[0]?.message).toMatch(/more that this rule stands for\)$/)
  })

  test('that say admin or wholeStream in words are not told of it again', () => {
    expect(
      codesOf(lintText(buckets('{ bucket: x, admin: true }', "{ bucket: y, watch: ['>'], wholeStream: true }"))),
    ).toEqual([])
  })

  test('are told where they go round a DENY', () => {
    const deny = policy(
      'pins',
      "{ action: DENY, principals: [{ namespace: shop }], grants: [{ subscribe: ['$KV.x.pins.>'] }] }",
    )
    const { findings } = lintText(`${buckets("{ bucket: x, watch: ['>'] }", '{ bucket: y, read: [a] }')}---\n${deny}`)
    expect(findings).toMatchObject([{ code: 'jetstream-evades-deny', severity: 'error', rule: 0 }])
  })
})

describe('other kinds', () => {
  test('a "*" in resourceNames is refused by the compiler as one token', () => {
    const role = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: orders, namespace: shop }
rules: [{ apiGroups: [nats-identity-bridge.dev], resources: [subjects], verbs: [publish], resourceNames: ['*'] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: orders, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: orders }
subjects: [{ kind: ServiceAccount, name: orders, namespace: shop }]
`
    const [first] = lintText(role).findings
    expect(first).toMatchObject({
      severity: 'error',
      line: 4,
      mend: expect.stringContaining('* is one token, not everything'),
    })
  })

  test('lists are taken apart', () => {
    const items = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: security.istio.io/v1\n    kind: AuthorizationPolicy\n    metadata: { name: deny-guests, namespace: shop }\n    spec: { rules: [{ from: [${WEB}] }] }\n`
    expect(lintText(items).findings).toMatchObject([{ code: 'istio-deny-that-allows', line: 6, name: 'deny-guests' }])
  })

  test('findings come in the order of files and lines', () => {
    const { findings } = lintFiles([
      { file: 'b.yaml', text: istio('deny-b', `{ rules: [{ from: [${WEB}] }] }`, 'b') },
      {
        file: 'a.yaml',
        text: `${istio('x', `{ rules: [{ from: [${WEB}] }, {}] }`)}---\n${istio('deny-a', `{ rules: [{ from: [${WEB}] }] }`, 'a')}`,
      },
    ])
    expect(findings.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'a.yaml istio-allow-all-rule',
      'a.yaml istio-deny-that-allows',
      'b.yaml istio-deny-that-allows',
    ])
  })

  test('whatever a file holds, lint says something and does not throw', () => {
    for (const text of [
      '',
      '---',
      '[]',
      '{}',
      'kind: List',
      'a: &x [*x]',
      '\0',
      `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nspec: [1]`,
      istio('x', '{ rules: [1, null, { from: 5, to: [7], when: [{ key: 3 }] }], selector: 9, action: NO }'),
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: 7',
    ]) {
      expect(() => lintFiles([{ file: 'x.yaml', text }])).not.toThrow()
    }
  })
})

describe('an AuthorizationPolicy that lost something', () => {
  const policy = (name: string, spec: string): string =>
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`
  const told = (text: string): string[] =>
    lintText(text).findings.map(({ severity, code, line }) => `${severity} ${code} ${line}`)

  test('by an alias is told that, and nothing of what is missing', () => {
    const text = policy('a', '{ selector: { matchLabels: *labels }, rules: [{}] }').replace(
      'kind:',
      'x: &labels {}\nkind:',
    )
    expect(told(text.replace('x: &labels {}\n', ''))).toEqual(['error alias-unsupported 4'])
  })

  test('by having its name twice is told where the other one stands', () => {
    const text = `${policy('a', '{}')}---\n${policy('a', '{ action: DENY, rules: [{}] }')}`
    const { findings } = lintText(text)
    const doubles = findings.filter(({ code }) => code === 'duplicate-document')
    expect(doubles.map(({ severity, line, message }) => `${severity} ${line} ${message}`)).toEqual([
      'error 3 AuthorizationPolicy shop/a exists 2 times, also in policy.yaml:8',
      'error 8 AuthorizationPolicy shop/a exists 2 times, also in policy.yaml:3',
    ])
  })
})
