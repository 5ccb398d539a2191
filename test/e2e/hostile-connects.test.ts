/**
 * Whatever a client writes into CONNECT: fields that are bent, tokens that are forged, borrowed, stale or meant for somebody else.
 * Each is refused with its code, on record, without a trace of what was sent, and the next good login goes through.
 */
import { createHmac } from 'node:crypto'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RefusalCode } from '../../src/policy/refusal.ts'
import {
  assemble,
  encodeSegment,
  keySetOf,
  makeKey,
  mint,
  serviceAccountClaims,
  type Claims,
} from '../authn/support/token-mint.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { CANARY, expectNoLeak } from './support/leaks.ts'
import { REFUSED, tryLogin, type ConnectFields } from './support/line-client.ts'
import { AUDIENCE, LIMIT_MS, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const CLUSTER = 'https://lab.example/cluster'
const PEOPLE = 'https://lab.example/people'
const clusterKey = makeKey('ES256', 'cluster-1')
const peopleKey = makeKey('RS256', 'people-1')
const forger = makeKey('ES256', clusterKey.kid)

const issuers = [
  {
    name: 'lab-cluster',
    kind: 'kubernetes',
    issuer: CLUSTER,
    audiences: [AUDIENCE],
    keys: { inline: keySetOf(clusterKey) },
  },
  {
    name: 'lab-people',
    kind: 'oidc',
    issuer: PEOPLE,
    audiences: [AUDIENCE],
    algorithms: ['RS256'],
    groupsClaim: 'groups',
    keys: { inline: keySetOf(peopleKey) },
  },
]

const seconds = (): number => Math.floor(Date.now() / 1000)
const times = (): Claims => ({ iat: seconds(), nbf: seconds(), exp: seconds() + 600, canary: CANARY })
const workload = (claims: Claims = {}, header: Claims = {}, key = clusterKey): Promise<string> =>
  mint(serviceAccountClaims({ iss: CLUSTER, ...times(), ...claims }), { key, header: { canary: CANARY, ...header } })
const person = (claims: Claims = {}, header: Claims = {}, key = peopleKey): Promise<string> =>
  mint({ iss: PEOPLE, sub: 'ada', aud: AUDIENCE, groups: ['staff'], ...times(), ...claims }, { key, header })

/** Signs with a public key as if it were a shared secret. */
function hmacWith(secret: string | Buffer, alg = 'HS256'): string {
  const signed = `${encodeSegment({ alg, kid: clusterKey.kid })}.${encodeSegment(serviceAccountClaims({ iss: CLUSTER, ...times() }))}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function encrypted(): Promise<string> {
  const header: CompactJWEHeaderParameters = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: peopleKey.kid }
  return new CompactEncrypt(Buffer.from(CANARY)).setProtectedHeader(header).encrypt(peopleKey.publicKey)
}

const publicPem = (): string => clusterKey.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const tokens: readonly (readonly [title: string, code: RefusalCode, make: () => string | Promise<string>])[] = [
  ['that is a word', 'TOKEN_MALFORMED', () => CANARY],
  ['with a scheme in front', 'TOKEN_MALFORMED', async () => `Bearer ${await workload()}`],
  ['with a line break behind', 'TOKEN_MALFORMED', async () => `${await workload()}\n`],
  ['of two parts', 'TOKEN_MALFORMED', async () => (await workload()).split('.').slice(0, 2).join('.')],
  ['of four parts', 'TOKEN_MALFORMED', async () => `${await workload()}.${CANARY}`],
  ['that is encrypted', 'TOKEN_MALFORMED', encrypted],
  ['whose claims are a list', 'TOKEN_MALFORMED', () => assemble({ alg: 'ES256' }, [CANARY], 'c2ln')],
  [
    'whose claims name iss twice',
    'TOKEN_MALFORMED',
    () => assemble({ alg: 'ES256' }, `{"iss":"${CLUSTER}","iss":"${PEOPLE}"}`, 'c2ln'),
  ],
  [
    'of deep JSON',
    'TOKEN_MALFORMED',
    () => assemble({ alg: 'ES256' }, `{"iss":${'['.repeat(2000)}${']'.repeat(2000)}}`, 'c2ln'),
  ],
  [
    'with an extension that must be understood',
    'TOKEN_MALFORMED',
    () => workload({}, { crit: ['x-demand'], 'x-demand': CANARY }),
  ],
  ['longer than any token', 'TOKEN_TOO_LARGE', () => workload({ filler: 'x'.repeat(8_000) })],
  [
    'with alg none',
    'TOKEN_ALGORITHM',
    () => assemble({ alg: 'none' }, serviceAccountClaims({ iss: CLUSTER, ...times() }), 'c2ln'),
  ],
  [
    'with alg nOnE and no signature',
    'TOKEN_MALFORMED',
    () => assemble({ alg: 'nOnE' }, serviceAccountClaims({ iss: CLUSTER, ...times() }), ''),
  ],
  ['with the public key for a shared secret', 'TOKEN_ALGORITHM', () => hmacWith(publicPem())],
  ['with the published JWK for a shared secret', 'TOKEN_ALGORITHM', () => hmacWith(JSON.stringify(clusterKey.jwk))],
  ['that says ES256 over such a signature', 'TOKEN_SIGNATURE', () => hmacWith(publicPem(), 'ES256')],
  [
    'with an algorithm that is not of this issuer',
    'TOKEN_ALGORITHM',
    () => person({}, {}, makeKey('ES256', peopleKey.kid)),
  ],
  [
    'with the key of one algorithm and the name of another',
    'TOKEN_ALGORITHM',
    () => workload({}, { kid: clusterKey.kid }, { ...peopleKey, kid: clusterKey.kid }),
  ],
  ['by somebody else who uses the same kid', 'TOKEN_SIGNATURE', () => workload({}, {}, forger)],
  [
    'whose claims were exchanged',
    'TOKEN_SIGNATURE',
    async () => {
      const [header, , signature] = (await workload()).split('.')
      return `${header}.${encodeSegment(serviceAccountClaims({ iss: CLUSTER, ...times(), sub: 'system:serviceaccount:ops:root' }))}.${signature}`
    },
  ],
  ['that brings its own key', 'TOKEN_SIGNATURE', () => workload({}, { jwk: forger.jwk }, forger)],
  [
    'that says where its key is',
    'TOKEN_KEY_UNKNOWN',
    () => workload({}, { kid: 'elsewhere', jku: `https://${CANARY}/keys` }, forger),
  ],
  ['of an endless kid', 'TOKEN_KEY_UNKNOWN', () => workload({}, { kid: 'x'.repeat(2_500) })],
  ['in a token', 'TOKEN_MALFORMED', async () => assemble({ alg: 'ES256', cty: 'JWT' }, await workload(), 'c2ln')],
  [
    'with a signature of zeros',
    'TOKEN_SIGNATURE',
    async () => `${(await workload()).replace(/[^.]*$/, '')}${'A'.repeat(86)}`,
  ],
  ['of an unknown kid', 'TOKEN_KEY_UNKNOWN', () => workload({}, { kid: `../../${CANARY}` })],
  ['of an issuer that is not configured', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: `https://${CANARY}` })],
  ['of no issuer', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: undefined })],
  ['with a list of issuers', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: [CLUSTER] })],
  ['of an issuer with a slash more', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: `${CLUSTER}/` })],
  ['of an issuer in capitals', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: CLUSTER.toUpperCase() })],
  ['of an issuer with a port', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: 'https://lab.example:443/cluster' })],
  [
    'of an issuer without encryption',
    'TOKEN_ISSUER_UNKNOWN',
    () => workload({ iss: CLUSTER.replace('https', 'http') }),
  ],
  [
    'of an issuer with a letter that looks the same',
    'TOKEN_ISSUER_UNKNOWN',
    () => workload({ iss: CLUSTER.replace('a', 'а') }),
  ],
  ['of an issuer with a blank behind', 'TOKEN_ISSUER_UNKNOWN', () => workload({ iss: `${CLUSTER} ` })],
  [
    'of one issuer with the key of another',
    'TOKEN_KEY_UNKNOWN',
    () => workload({}, {}, { ...forger, kid: peopleKey.kid }),
  ],
  ['for another audience', 'TOKEN_AUDIENCE', () => workload({ aud: ['vault', CANARY] })],
  ['for an audience that begins the same', 'TOKEN_AUDIENCE', () => workload({ aud: `${AUDIENCE}-next` })],
  ['for a number', 'TOKEN_AUDIENCE', () => workload({ aud: 5 })],
  ['for nobody', 'TOKEN_AUDIENCE', () => workload({ aud: [] })],
  ['that does not say for whom', 'TOKEN_AUDIENCE', () => workload({ aud: undefined })],
  ['without an end', 'TOKEN_CLAIMS', () => workload({ exp: undefined })],
  ['whose end is a text', 'TOKEN_CLAIMS', () => workload({ exp: `${seconds() + 600}` })],
  ['whose end is no date', 'TOKEN_CLAIMS', () => workload({ exp: 1e300 })],
  ['that has expired', 'TOKEN_EXPIRED', () => workload({ exp: seconds() - 120 })],
  ['that is not valid yet', 'TOKEN_NOT_YET_VALID', () => workload({ nbf: seconds() + 300 })],
  ['that ends before the shortest session', 'TOKEN_ENDS_TOO_SOON', () => workload({ exp: seconds() + 10 })],
  ['of another type', 'TOKEN_CLAIMS', () => workload({}, { typ: 'secevent+jwt' })],
  ['of a legacy secret', 'TOKEN_CLAIMS', () => workload({ 'kubernetes.io': undefined })],
  ['whose claims contradict each other', 'TOKEN_CLAIMS', () => workload({ sub: 'system:serviceaccount:ops:root' })],
  [
    'of a name with a path in it',
    'TOKEN_CLAIMS',
    () => workload({ sub: 'system:serviceaccount:shop:../../ops/sa/root' }),
  ],
  ['of a person without a name', 'TOKEN_CLAIMS', () => person({ sub: '' })],
  ['of a person whose name holds a line break', 'TOKEN_CLAIMS', () => person({ sub: `ada\n${CANARY}` })],
  ['that is bound to a key', 'TOKEN_CLAIMS', () => person({ cnf: { jkt: CANARY } })],
  ['of a person who claims a group of Kubernetes', 'TOKEN_CLAIMS', () => person({ groups: ['system:masters'] })],
  ['of a person in no group that matters', 'ACCOUNT_NONE', () => person({ groups: ['visitors'] })],
]

describe.skipIf(natsServer === undefined).each(environments)('a CONNECT (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name, { issuers })
  })
  afterAll(() => rig.stop())

  const connect = (fields: ConnectFields): Promise<string> => tryLogin(rig.env.server.port, fields)

  test('with a good token of these issuers is let in', async () => {
    const codes = []
    for (const token of [await workload(), await person()])
      codes.push((await rig.decisionOf(async () => expect(await connect({ auth_token: token })).toBe('in'))).issuer)
    expect(codes).toEqual(['lab-cluster', 'lab-people'])
  })

  describe('with a token', () => {
    test.each(tokens)('%s is %s', async (_title, code, make) => {
      const token = await make()
      const record = await rig.decisionOf(async () => expect(await connect({ auth_token: token })).toBe(REFUSED))
      expect(record).toMatchObject({ effect: 'deny', code, answered: true, ttlSeconds: undefined })
      const isProven = code === 'ACCOUNT_NONE' || code === 'TOKEN_ENDS_TOO_SOON'
      expect(record.principal !== undefined).toBe(isProven)
      // As a password, and once more: a verdict that is remembered is no other.
      const again = await rig.decisionOf(async () => expect(await connect({ pass: token })).toBe(REFUSED))
      expect(again.code).toBe(code)
      const parts = token.split('.').filter((part) => part.length > 20)
      await expectNoLeak(rig, [token, ...parts])
      await rig.expectGoodLogin()
    })
  })

  describe('with fields that are', () => {
    afterEach(async () => {
      await expectNoLeak(rig)
      await rig.expectGoodLogin()
    })

    test('full of control characters is judged by its token alone', async () => {
      const odd = `${CANARY}\u0000\u0007\u001b[31m\r\n\u202e`
      const fields = { user: odd, name: odd, lang: odd, version: odd }
      const refused = await rig.decisionOf(async () =>
        expect(await connect({ ...fields, auth_token: odd })).toBe(REFUSED),
      )
      expect(refused.code).toBe('TOKEN_MALFORMED')
      const token = await workload()
      const allowed = await rig.decisionOf(async () =>
        expect(await connect({ ...fields, auth_token: token })).toBe('in'),
      )
      expect(allowed).toMatchObject({ code: 'ALLOWED', principal: 'spiffe://cluster.local/ns/shop/sa/orders' })
    })

    test('two identities at once is refused', async () => {
      const [one, two] = [await workload(), await person()]
      const record = await rig.decisionOf(async () =>
        expect(await connect({ auth_token: one, pass: two })).toBe(REFUSED),
      )
      expect(record).toMatchObject({ code: 'CREDENTIAL_AMBIGUOUS', principal: undefined, issuer: undefined })
    })

    // What the server itself refuses never becomes a request.
    test.each([
      ['of the wrong type', `{"auth_token":42,"name":"${CANARY}"}`],
      ['an object for a token', `{"auth_token":{"canary":"${CANARY}"}}`],
      ['no JSON', `{"auth_token":"${CANARY}`],
      ['longer than max_control_line', JSON.stringify({ auth_token: CANARY.repeat(2_000) })],
      ['deep beyond reason', `{"auth_token":${'['.repeat(6_000)}${']'.repeat(6_000)}}`],
    ])('%s is not even asked about', async (_title, text) => {
      const from = rig.records.length
      const socket = createConnection(rig.env.server.port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write(`CONNECT ${text}\r\nPING\r\n`)
      await once(socket, 'close', { signal: AbortSignal.timeout(LIMIT_MS) })
      expect(rig.records.length).toBe(from)
    })
  })
})
