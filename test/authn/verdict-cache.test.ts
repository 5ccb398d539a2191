/** Tokens that come again: answered at once for as long as what the verdict rests on still holds, and not longer. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { IssuerSettings } from '../../src/authn/settings.ts'
import { codeOf, createRig, proven, type Rig } from './support/rig.ts'
import {
  CLUSTER_ISSUER,
  endUserClaims,
  IDP_ISSUER,
  keySetOf,
  makeKey,
  mint,
  SECOND,
  serviceAccountClaims,
} from './support/token-mint.ts'

/** A signature of the first is checked at once, one of the second by `jose`, which takes a promise: docs/adr/0009. */
describe.for(['ES256', 'ES384'])('with %s,', (alg) => {
  const atOnce = alg === 'ES256'
  const key = makeKey(alg)
  const cluster: IssuerSettings = {
    name: 'cluster',
    kind: 'kubernetes',
    issuer: CLUSTER_ISSUER,
    audiences: ['nats'],
    trustDomain: 'cluster.local',
    clockToleranceSeconds: 0,
    keys: { inline: keySetOf(key) },
  }
  const idp: IssuerSettings = {
    name: 'idp',
    kind: 'oidc',
    issuer: IDP_ISSUER,
    audiences: ['nats'],
    keys: { inline: keySetOf(key) },
  }
  let workload = ''
  beforeAll(async () => {
    workload = await mint(serviceAccountClaims(), { key })
  })

  /** What is remembered of a token, or that it had to be examined: with a promise, unless that is done at once. */
  function recalled(rig: Rig, token: string): string {
    const verdict = rig.loginAtOnce(token)
    if (rig.observed.at(-1) === 'recall hit') return codeOf(verdict)
    expect(rig.observed.at(-1)).toBe('recall miss')
    expect(verdict === undefined).toBe(!atOnce)
    return 'examined'
  }

  describe('a good verdict', () => {
    test('is given without a promise from the second time on, and is the same object', async () => {
      const rig = createRig([cluster])
      expect(recalled(rig, workload)).toBe('examined')
      const first = await rig.login(workload)
      expect(rig.loginAtOnce(workload)).toBe(first)
      expect(proven(first).principal.name).toBe('spiffe://cluster.local/ns/shop/sa/orders')
      expect(rig.observed).toEqual(['recall miss', atOnce ? 'recall hit' : 'recall miss', 'recall hit'])
    })

    test('is of that token alone: one that differs in a single character is examined', async () => {
      const rig = createRig([cluster])
      await rig.login(workload)
      const last = workload.at(-1)
      const other = workload.slice(0, -1) + (last === 'A' ? 'B' : 'A')
      expect(recalled(rig, other)).toBe('examined')
    })

    test('ends with the token, to the second', async () => {
      const rig = createRig([cluster])
      const token = await mint(serviceAccountClaims({ exp: SECOND + 60 }), { key })
      await rig.login(token)
      await rig.advance(59_999)
      expect(recalled(rig, token)).toBe('ok')
      await rig.advance(1)
      expect(recalled(rig, token)).toBe('examined')
      expect(codeOf(await rig.login(token))).toBe('TOKEN_EXPIRED')
    })

    test('stretches by the leeway of its issuer and not further', async () => {
      const rig = createRig([{ ...cluster, clockToleranceSeconds: 10 }])
      const token = await mint(serviceAccountClaims({ exp: SECOND + 60 }), { key })
      await rig.login(token)
      await rig.advance(69_999)
      expect(recalled(rig, token)).toBe('ok')
      await rig.advance(1)
      expect(codeOf(await rig.login(token))).toBe('TOKEN_EXPIRED')
    })

    test('does not hold before the token does, should the clock be set back', async () => {
      const rig = createRig([cluster])
      await rig.login(workload)
      const early = rig.authenticator.authenticate(workload, (SECOND - 1) * 1000)
      expect(codeOf(await early)).toBe('TOKEN_NOT_YET_VALID')
    })

    test('says at any time what an examination at that time would say', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: -100, max: 100 }),
          fc.double({ min: -100, max: 100, noNaN: true }),
          fc.integer({ min: 0, max: 40 }),
          fc.integer({ min: -150_000, max: 150_000 }),
          async (nbf, exp, clockToleranceSeconds, offset) => {
            const settings = [{ ...cluster, clockToleranceSeconds }]
            const token = await mint(serviceAccountClaims({ nbf: SECOND + nbf, exp: SECOND + exp }), { key })
            const seen = createRig(settings)
            await seen.login(token)
            const now = SECOND * 1000 + offset
            const recalled = await seen.authenticator.authenticate(token, now)
            const examined = await createRig(settings).authenticator.authenticate(token, now)
            // A refusal may be remembered as the one that it was first.
            expect(recalled.ok).toBe(examined.ok)
          },
        ),
        { numRuns: 150 },
      )
    })

    test('is kept for so many tokens; the one that came first is examined again', async () => {
      const rig = createRig([cluster], { limits: { maxVerdicts: 2 } })
      const tokens = await Promise.all(['1', '2', '3'].map((jti) => mint(serviceAccountClaims({ jti }), { key })))
      for (const token of tokens) expect(codeOf(await rig.login(token))).toBe('ok')
      // The latest first: what is examined is remembered again, and pushes out another.
      expect(tokens.toReversed().map((token) => recalled(rig, token))).toEqual(['ok', 'ok', 'examined'])
    })
  })

  describe('a refusal', () => {
    const flaws = [
      ['TOKEN_EXPIRED', serviceAccountClaims({ exp: SECOND })],
      ['TOKEN_AUDIENCE', serviceAccountClaims({ aud: 'vault' })],
      ['TOKEN_CLAIMS', serviceAccountClaims({ sub: 'alice' })],
    ] as const

    test.for(flaws)('is remembered for ten seconds once the signature was checked: %s', async ([code, claims]) => {
      const rig = createRig([cluster])
      const token = await mint(claims, { key })
      expect(codeOf(await rig.login(token))).toBe(code)
      await rig.advance(9999)
      expect(recalled(rig, token)).toBe(code)
      await rig.advance(1)
      expect(recalled(rig, token)).toBe('examined')
    })

    test('of a forged signature is remembered too, and a storm of other forgeries does not grow', async () => {
      const rig = createRig([cluster], { limits: { maxRefusals: 2 } })
      const forger = { ...makeKey(alg), kid: key.kid }
      const forged = await Promise.all(
        ['1', '2', '3'].map((jti) => mint(serviceAccountClaims({ jti }), { key: forger })),
      )
      for (const token of forged) expect(codeOf(await rig.login(token))).toBe('TOKEN_SIGNATURE')
      expect(forged.toReversed().map((token) => recalled(rig, token))).toEqual([
        'TOKEN_SIGNATURE',
        'TOKEN_SIGNATURE',
        'examined',
      ])
    })

    test('that time turns is not remembered', async () => {
      const rig = createRig([cluster])
      const token = await mint(serviceAccountClaims({ nbf: SECOND + 1 }), { key })
      expect(codeOf(await rig.login(token))).toBe('TOKEN_NOT_YET_VALID')
      await rig.advance(1000)
      expect(codeOf(await rig.login(token))).toBe('ok')
    })

    test('that needs no signature checked is given at once, the first time as well', () => {
      const rig = createRig([cluster])
      expect(codeOf(rig.loginAtOnce('a.b.c'))).toBe('TOKEN_MALFORMED')
    })
  })

  describe('the same token at the same time', () => {
    test('is examined once, and all get the same verdict', async () => {
      const { authenticator } = createRig([cluster])
      const now = SECOND * 1000
      const first = authenticator.authenticate(workload, now)
      expect(authenticator.authenticate(workload, now)).toBe(first)
      const verdict = await first
      expect(authenticator.authenticate(workload, now)).toBe(verdict)
    })

    test('is examined anew after a promise has brought a refusal that is not remembered', async () => {
      const rig = createRig([cluster])
      const token = await mint(serviceAccountClaims({ nbf: SECOND + 5 }), { key })
      const first = rig.authenticator.authenticate(token, rig.now())
      await first
      expect(rig.authenticator.authenticate(token, rig.now())).not.toBe(first)
    })
  })

  describe('principals', () => {
    test('of two tokens of one ServiceAccount are one object', async () => {
      const { login } = createRig([cluster])
      const other = await mint(serviceAccountClaims({ jti: 'other' }), { key })
      expect(proven(await login(other)).principal).toBe(proven(await login(workload)).principal)
    })

    test('of two tokens of one user are two, because their claims may differ', async () => {
      const { login } = createRig([idp])
      const [one, two] = await Promise.all(['1', '2'].map((jti) => mint(endUserClaims({ jti }), { key })))
      expect(proven(await login(one ?? '')).principal).not.toBe(proven(await login(two ?? '')).principal)
      expect(proven(await login(one ?? '')).principal).toBe(proven(await login(one ?? '')).principal)
    })
  })

  const fault = (): never => {
    throw new RangeError(workload)
  }

  describe('a fault inside', () => {
    const faults = [
      ['before the first wait', { onKeyUnknown: fault }],
      ['after it', { onDelay: (milliseconds: number) => (milliseconds === 1000 ? fault() : undefined) }],
    ] as const

    test.for(faults)('is answered as INTERNAL, logged without the token, and forgotten: %s', async ([, options]) => {
      const rig = createRig([{ ...cluster, keys: { url: 'https://keys.example/' } }, idp], {
        httpGet: () => new Promise(() => undefined),
        ...options,
      })
      const atFault = { level: 'error', message: 'a token could not be examined', fields: { error: 'RangeError' } }
      expect(codeOf(await rig.login(workload))).toBe('INTERNAL')
      expect(rig.log).toEqual([atFault])
      expect(codeOf(await rig.login(workload))).toBe('INTERNAL')
      expect(rig.log).toEqual([atFault, atFault])
      expect(codeOf(await rig.login(await mint(endUserClaims(), { key })))).toBe('ok')
    })
  })
})
