/** Whatever a client sends, nothing of it comes back out; and whatever is done to a token, it proves nothing any more. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IssuerSettings } from '../../src/authn/settings.ts'
import { readUnverified } from '../../src/authn/unverified-token.ts'
import { REFUSALS } from '../../src/policy/refusal.ts'
import { codeOf, createRig, type Rig } from './support/rig.ts'
import {
  assemble,
  encodeSegment,
  CLUSTER_ISSUER,
  endUserClaims,
  IDP_ISSUER,
  keySetOf,
  makeKey,
  mint,
  SECOND,
  serviceAccountClaims,
} from './support/token-mint.ts'

const key = makeKey()
const forger = { ...makeKey(), kid: key.kid }
const issuers: IssuerSettings[] = [
  {
    name: 'cluster',
    kind: 'kubernetes',
    issuer: CLUSTER_ISSUER,
    audiences: ['nats'],
    trustDomain: 'cluster.local',
    keys: { inline: keySetOf(key) },
  },
  {
    name: 'idp',
    kind: 'oidc',
    issuer: IDP_ISSUER,
    audiences: ['nats'],
    groupsClaim: 'groups',
    keys: { url: 'https://keys.example/' },
  },
]
const CANARY = 'CaNaRy0123456789'

/** The canary in every place that a client fills, plain and as base64url makes it. */
async function poisonedTokens(): Promise<readonly string[]> {
  const word = { canary: CANARY }
  const workload = (claims: Record<string, unknown>, header: Record<string, unknown> = {}, signer = key) =>
    mint(serviceAccountClaims({ ...word, ...claims }), { key: signer, header: { ...word, ...header } })
  return [
    CANARY,
    `${CANARY}.${CANARY}.${CANARY}`,
    `Bearer ${CANARY}`,
    assemble({ alg: CANARY, kid: CANARY }, serviceAccountClaims(word), CANARY),
    assemble({ alg: 'none', kid: CANARY }, serviceAccountClaims(word), CANARY),
    assemble(`{"alg":"${CANARY}`, { iss: CLUSTER_ISSUER }, CANARY),
    assemble({ alg: 'ES256' }, `{"iss":"${CANARY}"`, CANARY),
    await workload({ iss: `https://${CANARY}` }),
    await workload({}, { kid: CANARY }),
    await workload({}, { typ: CANARY }),
    await workload({}, { crit: ['x-demand'], 'x-demand': CANARY }),
    await workload({}, {}, forger),
    await workload({ aud: CANARY }),
    await workload({ exp: SECOND - 3600 }),
    await workload({ nbf: SECOND + 3600 }),
    await workload({ exp: CANARY }),
    await workload({ nbf: CANARY }),
    await workload({ sub: CANARY }),
    await workload({ sub: `system:serviceaccount:${CANARY}:${CANARY}` }),
    await workload({ 'kubernetes.io': { namespace: CANARY, serviceaccount: { name: CANARY, uid: CANARY } } }),
    await workload({ 'kubernetes.io': CANARY }),
    await mint(endUserClaims({ sub: `${CANARY}\n`, groups: [CANARY] }), { key }),
    await mint(endUserClaims({ sub: CANARY, groups: { [CANARY]: 1 } }), { key }),
    await mint(endUserClaims({ sub: CANARY, act: { sub: CANARY } }), { key }),
  ]
}

/** Everything that leaves the room: verdict, log, metrics, status. */
async function saidAbout(rig: Rig, token: string): Promise<string> {
  const verdict = await rig.login(token)
  expect(verdict.ok).toBe(false)
  return JSON.stringify([verdict, rig.log, rig.observed, rig.authenticator.status(rig.now())])
}

test('no refusal, log line, metric or status repeats anything of a token', async () => {
  const published = JSON.stringify(keySetOf(key))
  for (const token of await poisonedTokens()) {
    const rig = createRig(issuers, { httpGet: async () => ({ ok: true, value: published }) })
    await rig.authenticator.start()
    const said = `${await saidAbout(rig, token)}${await saidAbout(rig, token)}`
    expect(said).not.toContain(CANARY)
    for (let start = 0; start + 12 <= token.length; start += 1)
      expect(said).not.toContain(token.slice(start, start + 12))
  }
})

test('any text at all is refused with a code of the table, and none of it throws', async () => {
  const { login } = createRig(issuers, { httpGet: () => new Promise(() => undefined) })
  const segment = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text).toString('base64url')),
    fc.constantFrom(encodeSegment({ alg: 'ES256' }), encodeSegment({ iss: CLUSTER_ISSUER }), 'e30', ''),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { maxLength: 5 }), async (segments) => {
      expect(Object.keys(REFUSALS)).toContain(codeOf(await login(segments.join('.'))))
    }),
    { numRuns: 300 },
  )
})

test('a good token with any one character exchanged, dropped or doubled proves nothing', async () => {
  const good = await mint(serviceAccountClaims(), { key })
  const { login } = createRig(issuers)
  // The spare bits of the last character are no part of the signature.
  const place = fc.integer({ min: 0, max: good.length - 2 })
  const letter = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 })
  await fc.assert(
    fc.asyncProperty(place, letter, fc.constantFrom(0, 1, 2), async (at, character, kind) => {
      const middle = [character, '', good.charAt(at) + character][kind] ?? ''
      const changed = good.slice(0, at) + middle + good.slice(at + 1)
      if (changed !== good) expect((await login(changed)).ok).toBe(false)
    }),
    { numRuns: 300 },
  )
  expect(codeOf(await login(good))).toBe('ok')
})

test('what is read from a token is what JSON says, for any claims', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (claims) => {
      const read = readUnverified(assemble({ alg: 'ES256' }, JSON.stringify(claims), 'AAAA'))
      expect(read.ok && JSON.stringify(read.value.claims)).toBe(JSON.stringify(JSON.parse(JSON.stringify(claims))))
    }),
  )
})
