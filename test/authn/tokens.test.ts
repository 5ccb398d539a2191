/** From a token to the principal it proves: what is taken, and everything that must not be. */
import { randomBytes, createHmac } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { describe, expect, test } from 'vitest'
import type { IssuerSettings } from '../../src/authn/settings.ts'
import { codeOf, createRig, proven, type Rig } from './support/rig.ts'
import {
  assemble,
  CLUSTER_ISSUER,
  encodeSegment,
  endUserClaims,
  IDP_ISSUER,
  keySetOf,
  makeKey,
  mint,
  NOW,
  SECOND,
  serviceAccountClaims,
} from './support/token-mint.ts'

const clusterKey = makeKey('RS256')
const idpKey = makeKey('ES256')
/** Calls itself what the cluster's key is called. */
const forger = { ...makeKey('RS256'), kid: clusterKey.kid }

const cluster: IssuerSettings = {
  name: 'cluster',
  kind: 'kubernetes',
  issuer: CLUSTER_ISSUER,
  audiences: ['nats', 'nats-next'],
  trustDomain: 'cluster.local',
  keys: { inline: keySetOf(clusterKey) },
}
const idp: IssuerSettings = {
  name: 'idp',
  kind: 'oidc',
  issuer: IDP_ISSUER,
  audiences: ['nats'],
  keys: { inline: keySetOf(idpKey) },
}

function rig(): Rig {
  return createRig([cluster, idp])
}

const good = await mint(serviceAccountClaims(), { key: clusterKey })

function nest(depth: number): string {
  return `{"iss":"${CLUSTER_ISSUER}","a":${'['.repeat(depth)}${']'.repeat(depth)}}`
}

function endUserToken(header: Record<string, unknown>): Promise<string> {
  return mint(endUserClaims(), { key: idpKey, header })
}

async function codeFor(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  return codeOf(await rig().login(await mint({ ...serviceAccountClaims(), ...claims }, { key: clusterKey, header })))
}

describe('a good token', () => {
  test('of a ServiceAccount proves the SPIFFE ID of the workload, with the facts of its pod', async () => {
    expect(proven(await rig().login(good))).toEqual({
      kind: 'service-account-token',
      issuer: 'cluster',
      expiresAt: SECOND + 3600,
      principal: {
        name: 'spiffe://cluster.local/ns/shop/sa/orders',
        workload: {
          spiffeId: {
            uri: 'spiffe://cluster.local/ns/shop/sa/orders',
            trustDomain: 'cluster.local',
            path: '/ns/shop/sa/orders',
          },
          serviceAccount: { namespace: 'shop', name: 'orders' },
        },
        groups: ['system:authenticated', 'system:serviceaccounts', 'system:serviceaccounts:shop'],
      },
      facts: {
        pod: 'orders-7d9c5b-x2x5q',
        podUid: '5a6c2ea0-49d7-4b60-9f9b-9f0a3c6d7e22',
        node: 'node-1',
        nodeUid: '0c3b7a3e-6a39-4bb8-8a5e-7d5a0f0d8a11',
        serviceAccountUid: '9e2d3c41-5c1b-4e0b-8a2a-1f2e3d4c5b33',
        credentialId: '4cf18f44-6e5b-4b29-bb9b-6e6a3e6f4f2a',
      },
    })
  })

  test('of an OIDC issuer proves iss/sub, with its claims', async () => {
    const claims = endUserClaims({ email: 'alice@example.com', azp: 'web', jti: 'id-1' })
    const value = proven(await rig().login(await mint(claims, { key: idpKey })))
    expect(value.principal).toEqual({
      name: `${IDP_ISSUER}/alice`,
      requestAuth: { issuer: IDP_ISSUER, subject: 'alice', claims },
      groups: ['system:authenticated'],
    })
    expect(value).toMatchObject({ kind: 'oidc-token', issuer: 'idp', facts: { client: 'web', credentialId: 'id-1' } })
  })

  const algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ]
  test.for(algorithms)('may be signed with %s', async (alg) => {
    // RSA keys take long to make, and one can do all of these.
    const isRsa = alg.startsWith('RS') || alg.startsWith('PS')
    const key = isRsa ? { ...clusterKey, alg, jwk: { ...clusterKey.jwk, alg } } : makeKey(alg)
    const { login } = createRig([{ ...cluster, keys: { inline: JSON.stringify(keySetOf(key)) } }])
    expect(codeOf(await login(await mint(serviceAccountClaims(), { key })))).toBe('ok')
  })

  test('carries any one of the audiences, alone or in a list', async () => {
    expect(await codeFor({ aud: 'nats-next' })).toBe('ok')
    expect(await codeFor({ aud: ['vault', 'nats'] })).toBe('ok')
  })

  test('may say typ JWT, or nothing', async () => {
    expect(await codeFor({}, { typ: 'JWT' })).toBe('ok')
    expect(await codeFor({}, { typ: 'application/jwt' })).toBe('ok')
    expect(codeOf(await rig().login(await mint(endUserClaims(), { key: idpKey, header: { typ: 'at+jwt' } })))).toBe(
      'ok',
    )
  })
})

describe('the signature', () => {
  test('must be of the key: another key with the same kid is refused', async () => {
    expect(codeOf(await rig().login(await mint(serviceAccountClaims(), { key: forger })))).toBe('TOKEN_SIGNATURE')
  })

  test('covers the claims: not one of them can be exchanged', async () => {
    const [header, , signature] = good.split('.')
    const claims = encodeSegment(serviceAccountClaims({ exp: SECOND + 7200 }))
    expect(codeOf(await rig().login(`${header}.${claims}.${signature}`))).toBe('TOKEN_SIGNATURE')
  })

  test('covers the header', async () => {
    const [, claims, signature] = good.split('.')
    const header = encodeSegment({ alg: 'RS256', kid: clusterKey.kid, typ: 'JWT' })
    expect(codeOf(await rig().login(`${header}.${claims}.${signature}`))).toBe('TOKEN_SIGNATURE')
  })

  test('is verified with the keys of the issuer that iss names, never with those of another', async () => {
    const impostor = await mint(serviceAccountClaims(), { key: { ...idpKey, kid: clusterKey.kid } })
    expect(codeOf(await rig().login(impostor))).toBe('TOKEN_ALGORITHM')
    const stranger = await mint(serviceAccountClaims(), { key: idpKey })
    expect(codeOf(await rig().login(stranger))).toBe('TOKEN_KEY_UNKNOWN')
  })

  test.for(['none', 'None', 'NONE', 'nOnE'])('cannot be left out with alg %s', async (alg) => {
    const header = { alg, kid: clusterKey.kid }
    expect(codeOf(await rig().login(assemble(header, serviceAccountClaims(), '')))).toBe('TOKEN_MALFORMED')
    expect(codeOf(await rig().login(assemble(header, serviceAccountClaims(), 'AAAA')))).toBe('TOKEN_ALGORITHM')
  })

  test('cannot be an HMAC keyed with the public key, in any of its spellings', async () => {
    const spellings = [
      clusterKey.publicKey.export({ type: 'spki', format: 'pem' }),
      clusterKey.publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(clusterKey.jwk),
    ]
    for (const secret of spellings) {
      const input = `${encodeSegment({ alg: 'HS256', kid: clusterKey.kid })}.${encodeSegment(serviceAccountClaims())}`
      const mac = createHmac('sha256', secret).update(input).digest('base64url')
      expect(codeOf(await rig().login(`${input}.${mac}`))).toBe('TOKEN_ALGORITHM')
    }
  })

  test('must be of an algorithm that is configured, though the key could do another', async () => {
    const { login } = createRig([
      { ...cluster, algorithms: ['ES256', 'RS512'], keys: { inline: keySetOf(clusterKey) } },
    ])
    expect(codeOf(await login(good))).toBe('TOKEN_ALGORITHM')
  })

  test('must be of the algorithm that the published key is for', async () => {
    const { login } = rig()
    expect(codeOf(await login(await mint(serviceAccountClaims(), { key: { ...clusterKey, alg: 'PS256' } })))).toBe(
      'TOKEN_ALGORITHM',
    )
  })

  test('of nothing, of zeros, of the order of the curve or in the other encoding is none', async () => {
    const { sign } = await import('node:crypto')
    const input = `${encodeSegment({ alg: 'ES256', kid: idpKey.kid })}.${encodeSegment(endUserClaims())}`
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
    const forged = [
      Buffer.alloc(1),
      Buffer.alloc(64),
      Buffer.concat([order, order]),
      Buffer.alloc(63),
      Buffer.alloc(65),
    ]
    for (const bytes of [...forged, sign('sha256', Buffer.from(input), idpKey.privateKey)])
      expect(codeOf(await rig().login(`${input}.${bytes.toString('base64url')}`))).toBe('TOKEN_SIGNATURE')
  })
})

describe('the header', () => {
  test('brings no key of its own: jwk, jku, x5u and x5c are not looked at', async () => {
    const header = {
      jwk: forger.jwk,
      jku: 'http://127.0.0.1:1/jwks',
      x5u: 'http://127.0.0.1:1/chain',
      x5c: ['MIIB'],
      kid: undefined,
    }
    expect(codeOf(await rig().login(await mint(serviceAccountClaims(), { key: forger, header })))).toBe(
      'TOKEN_SIGNATURE',
    )
    const named = { ...header, kid: 'forger' }
    expect(codeOf(await rig().login(await mint(serviceAccountClaims(), { key: forger, header: named })))).toBe(
      'TOKEN_KEY_UNKNOWN',
    )
  })

  test('demands no extension: crit and b64 are refused, understood or not', async () => {
    expect(await codeFor({}, { crit: ['x-demand'], 'x-demand': true })).toBe('TOKEN_MALFORMED')
    expect(await codeFor({}, { crit: ['b64'], b64: true })).toBe('TOKEN_MALFORMED')
    expect(await codeFor({}, { b64: false })).toBe('TOKEN_MALFORMED')
    expect(await codeFor({}, { crit: [] }).catch(() => 'not minted')).not.toBe('ok')
  })

  test.for(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'wit+jwt', 'JOSE', ''])(
    'does not say that this is another kind of token: typ %s',
    async (typ) => {
      expect(await codeFor({}, { typ })).toBe('TOKEN_CLAIMS')
    },
  )

  test('must say one of the types that are configured, and say it', async () => {
    const { login } = createRig([{ ...idp, types: ['at+jwt'] }])
    expect(codeOf(await login(await endUserToken({ typ: 'AT+JWT' })))).toBe('ok')
    expect(codeOf(await login(await endUserToken({ typ: 'JWT' })))).toBe('TOKEN_CLAIMS')
    expect(codeOf(await login(await endUserToken({})))).toBe('TOKEN_CLAIMS')
  })

  test.for([
    ['kid is a number', { kid: 7 }],
    ['kid is a list', { kid: [clusterKey.kid] }],
    ['typ is an object', { typ: {} }],
    ['alg is missing', { alg: undefined }],
    ['alg is a list', { alg: ['RS256'] }],
    ['alg is null', { alg: null }],
  ] as const)('has members of the right type: %s', async ([, change]) => {
    const header = JSON.parse(JSON.stringify({ alg: 'RS256', kid: clusterKey.kid, ...change }))
    expect(codeOf(await rig().login(assemble(header, serviceAccountClaims(), 'AAAA')))).toBe('TOKEN_MALFORMED')
  })
})

describe('kid', () => {
  test.for(['', '__proto__', '../../etc/passwd', '/dev/null', "' OR 1=1 --", 'key\0', ' ', 'x'.repeat(4000)])(
    'is a name and nothing else: %j is of no key',
    async (kid) => {
      expect(await codeFor({}, { kid })).toBe('TOKEN_KEY_UNKNOWN')
      expect(await codeFor({}, { kid: `${clusterKey.kid}${kid}` })).toBe(kid === '' ? 'ok' : 'TOKEN_KEY_UNKNOWN')
    },
  )
})

describe('iss', () => {
  test.for([
    ['a slash at the end', `${CLUSTER_ISSUER}/`],
    ['another case', CLUSTER_ISSUER.toUpperCase()],
    ['another case of the scheme', CLUSTER_ISSUER.replace('https', 'HTTPS')],
    ['a Cyrillic letter', CLUSTER_ISSUER.replace('e', '\u0435')],
    ['a full-width letter', CLUSTER_ISSUER.replace('k', '\uff4b')],
    ['a zero-width space', `${CLUSTER_ISSUER}\u200b`],
    ['a space in front', ` ${CLUSTER_ISSUER}`],
    ['a newline at the end', `${CLUSTER_ISSUER}\n`],
    ['a NUL at the end', `${CLUSTER_ISSUER}\0`],
    ['its port', CLUSTER_ISSUER.replace('.local', '.local:443')],
    ['a user name', CLUSTER_ISSUER.replace('https://', 'https://x@')],
    ['http', CLUSTER_ISSUER.replace('https', 'http')],
    ['a fragment', `${CLUSTER_ISSUER}#`],
    ['an escaped letter of its URL', CLUSTER_ISSUER.replace('k', '%6b')],
    ['a dot at the end of the host', `${CLUSTER_ISSUER}.`],
    ['a longer path', `${CLUSTER_ISSUER}/realms/other`],
    ['nothing', ''],
    ['__proto__', '__proto__'],
    ['a foreign issuer', 'https://evil.example.com'],
    ['the issuer of legacy tokens', 'kubernetes/serviceaccount'],
  ] as const)('is taken exactly or not at all: %s', async ([, iss]) => {
    expect(await codeFor({ iss })).toBe('TOKEN_ISSUER_UNKNOWN')
  })

  test.for([
    ['a list', [CLUSTER_ISSUER]],
    ['a number', 1],
    ['null', null],
    ['absent', undefined],
  ] as const)('is a string: %s is none', async ([, iss]) => {
    expect(codeOf(await rig().login(assemble({ alg: 'RS256' }, serviceAccountClaims({ iss }), 'AAAA')))).toBe(
      'TOKEN_ISSUER_UNKNOWN',
    )
  })
})

describe('aud, exp, nbf', () => {
  test.for([
    ['of another service', ['vault']],
    ['of the API server', [CLUSTER_ISSUER]],
    ['a longer word', 'nats-other'],
    ['another case', 'NATS'],
    ['an empty list', []],
    ['an object', { nats: true }],
    ['a list in a list', [['nats']]],
    ['a list of nulls', [null]],
    ['a number', 5],
    ['true', true],
    ['null', null],
    ['empty', ''],
    ['two in one', 'nats,nats-next'],
    ['with a NUL behind', 'nats\0'],
    ['absent', undefined],
  ] as const)('aud must name us: %s', async ([, aud]) => {
    expect(await codeFor({ aud })).toBe('TOKEN_AUDIENCE')
  })

  test.for([
    ['absent', undefined],
    ['a string', String(SECOND + 60)],
    ['null', null],
    ['true', true],
    ['past the year 9999', 1e15],
    ['the second after the year 9999', 253_402_300_800],
    ['a list', [SECOND + 60]],
  ] as const)('exp must be a date: %s', async ([, exp]) => {
    expect(await codeFor({ exp })).toBe('TOKEN_CLAIMS')
  })

  test('an exp too large for a number is no end at all', async () => {
    const claims = JSON.stringify(serviceAccountClaims({ exp: 1 })).replace('"exp":1', '"exp":1e999')
    const input = `${encodeSegment({ alg: 'RS256', kid: clusterKey.kid })}.${encodeSegment(claims)}`
    const { sign } = await import('node:crypto')
    const token = `${input}.${sign('sha256', Buffer.from(input), clusterKey.privateKey).toString('base64url')}`
    expect(codeOf(await rig().login(token))).toBe('TOKEN_CLAIMS')
  })

  test('an expired token is refused from the second on in which the leeway ends', async () => {
    expect(await codeFor({ exp: SECOND - 29 })).toBe('ok')
    expect(await codeFor({ exp: SECOND - 30 })).toBe('TOKEN_EXPIRED')
    const strict = createRig([{ ...cluster, clockToleranceSeconds: 0 }])
    const ending = await mint(serviceAccountClaims({ exp: SECOND }), { key: clusterKey })
    expect(codeOf(await strict.login(ending))).toBe('TOKEN_EXPIRED')
  })

  test('what expiresAt says is the end of the token itself, without leeway', async () => {
    const token = await mint(serviceAccountClaims({ exp: SECOND - 5.5 }), { key: clusterKey })
    expect(proven(await rig().login(token)).expiresAt).toBe(SECOND - 6)
  })

  test('a token that is not valid yet is refused until the leeway begins, and taken after', async () => {
    expect(await codeFor({ nbf: SECOND + 30 })).toBe('ok')
    const token = await mint(serviceAccountClaims({ nbf: SECOND + 31 }), { key: clusterKey })
    const later = rig()
    expect(codeOf(await later.login(token))).toBe('TOKEN_NOT_YET_VALID')
    await later.advance(1000)
    expect(codeOf(await later.login(token))).toBe('ok')
    expect(await codeFor({ nbf: 'tomorrow' })).toBe('TOKEN_CLAIMS')
  })

  test('times long gone are in the past, also below zero, and one far ahead is no beginning', async () => {
    for (const exp of [0, -1, -1e300]) expect(await codeFor({ exp })).toBe('TOKEN_EXPIRED')
    for (const nbf of [0, -1, -1e300]) expect(await codeFor({ nbf })).toBe('ok')
    for (const nbf of [SECOND + 31, 1e15, 1e300]) expect(await codeFor({ nbf })).toBe('TOKEN_NOT_YET_VALID')
    for (const iat of ['0', true, [SECOND]]) expect(await codeFor({ iat })).toBe('TOKEN_CLAIMS')
  })

  test('claims that the settings require must be there', async () => {
    const { login } = createRig([{ ...idp, requiredClaims: ['tenant'] }])
    expect(codeOf(await login(await mint(endUserClaims(), { key: idpKey })))).toBe('TOKEN_CLAIMS')
    expect(codeOf(await login(await mint(endUserClaims({ tenant: 'a' }), { key: idpKey })))).toBe('ok')
  })
})

describe('the shape', () => {
  const [header = '', claims = '', signature = ''] = good.split('.')
  test.for([
    ['empty', ''],
    ['two parts', `${header}.${claims}`],
    ['two parts and a dot', `${header}.${claims}.`],
    ['four parts', `${good}.${signature}`],
    ['an empty header', `.${claims}.${signature}`],
    ['empty claims', `${header}..${signature}`],
    ['a space in front', ` ${good}`],
    ['a newline at the end', `${good}\n`],
    ['a space between', `${header}. ${claims}.${signature}`],
    ['the word Bearer', `Bearer ${good}`],
    ['padding', `${header}=.${claims}.${signature}`],
    ['the plain base64 alphabet', `${header}.${claims}.${signature.slice(0, -2)}+/`],
    ['a NUL inside', `${header}.${claims}\0.${signature}`],
    ['a letter beyond ASCII', `${header}.${claims}.${signature}\u00e9`],
    ['a lone surrogate', `${header}.${claims}.${signature}\ud800`],
    ['JSON serialization', JSON.stringify({ protected: header, payload: claims, signature })],
    ['a password', 'correct horse battery staple'],
    ['a header that is no JSON', `${encodeSegment('{')}.${claims}.${signature}`],
    ['a header that is a list', `${encodeSegment([])}.${claims}.${signature}`],
    ['claims that are a string', `${header}.${encodeSegment('"x"')}.${signature}`],
    ['claims that are null', `${header}.${encodeSegment('null')}.${signature}`],
    ['claims that begin with a byte order mark', `${header}.${encodeSegment('\ufeff{}')}.${signature}`],
    [
      'claims that are no UTF-8',
      `${header}.${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url')}.${signature}`,
    ],
    ['a token in a token', `${header}.${encodeSegment(good)}.${signature}`],
    ['a token in quotes in a token', `${header}.${encodeSegment(JSON.stringify(good))}.${signature}`],
    ['a NUL behind the claims', `${header}.${encodeSegment('{}\0')}.${signature}`],
    ['a number that is none', `${header}.${encodeSegment('{"exp":NaN}')}.${signature}`],
    ['a member twice, deep inside', `${header}.${encodeSegment('{"a":[{"b":1,"b":1}]}')}.${signature}`],
    ['a claim twice', `${header}.${encodeSegment('{"iss":"a","iss":"b"}')}.${signature}`],
    ['a claim twice, once escaped', `${header}.${encodeSegment('{"iss":"a","\\u0069ss":"b"}')}.${signature}`],
    ['alg twice', `${encodeSegment('{"alg":"RS256","alg":"none"}')}.${claims}.${signature}`],
  ] as const)('of a compact JWS is kept: %s', async ([, token]) => {
    expect(codeOf(await rig().login(token))).toBe('TOKEN_MALFORMED')
  })

  test('of an encrypted token is refused', async () => {
    const jwe = await new CompactEncrypt(Buffer.from(good))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: clusterKey.kid })
      .encrypt(clusterKey.publicKey)
    expect(codeOf(await rig().login(jwe))).toBe('TOKEN_MALFORMED')
  })

  test('nests no deeper than sixteen levels, however deep it gets', async () => {
    const [fits = '', tooDeep = '', abyss = ''] = [15, 16, 2500].map((depth) => encodeSegment(nest(depth)))
    expect(codeOf(await rig().login(`${header}.${fits}.${signature}`))).toBe('TOKEN_SIGNATURE')
    expect(codeOf(await rig().login(`${header}.${tooDeep}.${signature}`))).toBe('TOKEN_MALFORMED')
    expect(codeOf(await rig().login(`${header}.${abyss}.${signature}`))).toBe('TOKEN_MALFORMED')
  })

  test('is no larger than the issuer allows', async () => {
    const { login } = createRig([cluster, { ...idp, maxTokenBytes: 1024 }])
    const padded = (key: typeof idpKey, base: Record<string, unknown>, bytes: number) =>
      mint({ ...base, padding: randomBytes(bytes).toString('hex') }, { key })
    expect(codeOf(await login(await padded(idpKey, endUserClaims(), 600)))).toBe('TOKEN_TOO_LARGE')
    expect(codeOf(await login(await padded(clusterKey, serviceAccountClaims(), 600)))).toBe('ok')
    expect(codeOf(await login(await padded(clusterKey, serviceAccountClaims(), 8192)))).toBe('TOKEN_TOO_LARGE')
    expect(codeOf(await login('x'.repeat(1_048_576)))).toBe('TOKEN_TOO_LARGE')
  })

  test('with a __proto__ claim changes nothing', async () => {
    const text = JSON.stringify(endUserClaims()).replace('{', '{"__proto__":{"groups":["admins"],"sub":"root"},')
    const input = `${encodeSegment({ alg: 'ES256', kid: idpKey.kid })}.${encodeSegment(text)}`
    const { sign } = await import('node:crypto')
    const proof = sign('sha256', Buffer.from(input), { key: idpKey.privateKey, dsaEncoding: 'ieee-p1363' })
    const { login } = createRig([{ ...idp, groupsClaim: 'groups' }])
    const { principal } = proven(await login(`${input}.${proof.toString('base64url')}`))
    expect(principal).toMatchObject({ name: `${IDP_ISSUER}/alice`, groups: ['system:authenticated'] })
  })
})

test('after every refusal the next good login succeeds, on the same authenticator', async () => {
  const { login } = rig()
  const bad = [
    '',
    'a.b.c',
    good.slice(0, -8),
    `${good}x`,
    await mint(serviceAccountClaims({ exp: 1 }), { key: clusterKey }),
  ]
  for (const token of bad) {
    expect(codeOf(await login(token))).not.toBe('ok')
    expect(codeOf(await login(good))).toBe('ok')
  }
  expect(NOW).toBe(SECOND * 1000)
})
