/** Readiness: a replica that would refuse everybody must not take the place of one that does not. */
import { describe, expect, test } from 'vitest'
import { createReadiness, issuerState, type Readiness } from '../../src/serve/readiness.ts'
import { ok } from '../../src/lib/result.ts'
import { createRig } from '../authn/support/rig.ts'
import { CLUSTER_ISSUER, IDP_ISSUER, keySetOf, makeKey } from '../authn/support/token-mint.ts'

const good = keySetOf(makeKey())
const useless = { keys: [{ ...makeKey().jwk, use: 'enc' }] }

/** With everything well but, maybe, the keys of two issuers. */
async function readinessWith(cluster: unknown, people: unknown): Promise<Readiness> {
  const served = new Map([
    ['cluster', cluster],
    ['people', people],
  ])
  const common = { audiences: ['nats'] }
  const { authenticator, now } = createRig(
    [
      {
        ...common,
        name: 'cluster',
        kind: 'kubernetes',
        issuer: CLUSTER_ISSUER,
        trustDomain: 'cluster.local',
        keys: { url: 'https://keys.example/cluster' },
      },
      { ...common, name: 'people', kind: 'oidc', issuer: IDP_ISSUER, keys: { url: 'https://keys.example/people' } },
    ],
    { httpGet: async ({ pathname }) => ok(JSON.stringify(served.get(pathname.slice(1)))) },
  )
  await authenticator.start()
  authenticator.stop()
  return createReadiness({
    now,
    selfTest: () => ok(undefined),
    connections: () => ({ ready: 1, count: 1 }),
    policy: () => ({ snapshotId: 'one', problem: undefined }),
    issuers: () => authenticator.status(now()).map(issuerState),
    stopping: () => false,
  })()
}

function issuersCheck({ checks }: Readiness): unknown {
  return checks.find(({ name }) => name === 'issuers')
}

describe('a replica', () => {
  test('is ready with the keys of all its issuers', async () => {
    const readiness = await readinessWith(good, good)
    expect(readiness.ready).toBe(true)
    expect(issuersCheck(readiness)).toMatchObject({ ok: true, detail: 'keys of cluster, people are at hand' })
  })

  test.each([
    ['an empty key set', { keys: [] }],
    ['keys that are for something else', useless],
  ])('says which issuer has %s, and serves the others', async (_title, keys) => {
    const readiness = await readinessWith(keys, good)
    expect(readiness.ready).toBe(true)
    expect(issuersCheck(readiness)).toMatchObject({
      ok: false,
      required: false,
      detail: 'no keys of cluster: it publishes no usable key',
    })
  })

  test('is not ready when no issuer has a key that anybody could log in by', async () => {
    const readiness = await readinessWith(useless, { keys: [] })
    expect(readiness.ready).toBe(false)
    expect(issuersCheck(readiness)).toMatchObject({
      ok: false,
      required: true,
      detail: 'no keys of cluster: it publishes no usable key; no keys of people: it publishes no usable key',
    })
  })
})
