/**
 * Real AuthorizationPolicies of other people, where a checkout has them beside it (or NIB_CORPUS names the folder), each beside a
 * route that stands for a whole workload of its namespace: whatever they say, it compiles, and what is wrong is said of them.
 */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { corpusFiles } from '../support/corpus.ts'

const files = corpusFiles('authorization-policy')

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Everything that the policies of the namespaces rule, for pods with every label that they select by. */
function routesFor(text: string): string {
  const namespaces = new Set([
    'default',
    ...[...text.matchAll(/^\s*namespace: ["']?([a-z0-9-]{1,63})["']?\s*$/gm)].map(([, name = '']) => name),
  ])
  const labels = Object.fromEntries(
    [...text.matchAll(/matchLabels:\s*\n\s+["']?([\w./-]+)["']?: ["']?([\w.-]+)["']?\s*$/gm)].map(
      ([, key = '', value = '']) => [key, value],
    ),
  )
  return [...namespaces]
    .map((namespace, index) =>
      JSON.stringify({
        apiVersion: 'nats-identity-bridge.dev/v1alpha1',
        kind: 'SubjectRoute',
        metadata: { name: 'everything', namespace },
        spec: {
          workload: { labels, serviceAccount: 'everything' },
          routes: [{ subject: `r${index}.{method}.{path...}`, path: '/{path...}' }],
        },
      }),
    )
    .join('\n---\n')
}

const ACCOUNTS = JSON.stringify({
  apiVersion: 'nats-identity-bridge.dev/v1alpha1',
  kind: 'AccountMap',
  metadata: { name: 'accounts' },
  spec: { accounts: [{ account: 'SHOP', principals: [{ authenticated: true }] }] },
})

test.skipIf(files.length === 0)('real policies rule routes, or say why they cannot', () => {
  const decide = createDecide(sha256)
  const id = parseSpiffeId('spiffe://cluster.local/ns/default/sa/sleep')
  if (!id.ok) throw new Error(id.error)
  const sleep = workloadPrincipal(id.value)
  let ruled = 0
  let told = 0
  for (const { file, text } of files) {
    const sources = [
      { file, text },
      { file: 'routes.yaml', text: `${ACCOUNTS}\n---\n${routesFor(text)}` },
    ]
    const { snapshot, diagnostics, withheld } = compile(sources, {
      trustDomains: { local: 'cluster.local', aliases: [] },
      forbiddenAccounts: [],
      hash: sha256,
    })
    const ours = diagnostics.filter(({ severity, kind }) => severity === 'error' && kind === 'SubjectRoute')
    expect({ file, ours }).toEqual({ file, ours: [] })
    if (snapshot === undefined) expect(withheld).toContain(file)
    else if (snapshot.model.grants.some(({ origin }) => origin.kind === 'AuthorizationPolicy')) ruled++
    if (diagnostics.some(({ code }) => code.startsWith('route-'))) told++
    if (snapshot !== undefined) expect(decide(snapshot, sleep).effect).toBe('allow')
  }
  expect(ruled).toBeGreaterThan(files.length / 3)
  expect(told).toBeGreaterThan(0)
})
