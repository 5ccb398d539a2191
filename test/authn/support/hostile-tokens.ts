/** Tokens that are good, bad, or made to be hard to read, signed by an issuer who spells as it likes: fast-check arbitraries. */
import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import type { TokenExpectations } from '../../../src/authn/verify-token.ts'
import { CLUSTER_ISSUER, encodeSegment, NOW, SECOND, serviceAccountClaims } from './token-mint.ts'

export interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const twice = (make: () => Pair): readonly Pair[] => [make(), make()]
const rsa = twice(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
const ed25519 = twice(() => generateKeyPairSync('ed25519'))
const curves = new Map(
  [
    ['ES256', 'P-256'],
    ['ES384', 'P-384'],
    ['ES512', 'P-521'],
  ].map(([alg, namedCurve = '']) => [alg, twice(() => generateKeyPairSync('ec', { namedCurve }))]),
)

/** The issuer's, and one of somebody else. */
export function pairsFor(alg: string): readonly Pair[] {
  return curves.get(alg) ?? (alg.startsWith('Ed') ? ed25519 : rsa)
}

type Signing = (input: string, alg: string, [own, other]: readonly Pair[]) => Buffer

function signWith(pair: Pair | undefined, input: string, alg: string, change: object = {}): Buffer {
  const digest = alg.startsWith('Ed') ? null : `sha${alg.slice(2)}`
  const scheme = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { dsaEncoding: 'ieee-p1363' as const }
  if (pair === undefined) throw new Error('no key')
  return sign(digest, Buffer.from(input), { key: pair.privateKey, ...scheme, ...change })
}

function mutate(signature: Buffer, change: (bytes: Buffer) => unknown): Buffer {
  change(signature)
  return signature
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The other of the two signatures that ECDSA takes for one. */
function withOtherS(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(-32).toString('hex')}`)
  const other = (P256_ORDER - (s % P256_ORDER)).toString(16).padStart(64, '0')
  return Buffer.concat([signature.subarray(0, -32), Buffer.from(other, 'hex')])
}

export const SIGNINGS: Readonly<Record<string, Signing>> = {
  good: (input, alg, [own]) => signWith(own, input, alg),
  'of another key': (input, alg, [, other]) => signWith(other, input, alg),
  'over another text': (input, alg, [own]) => signWith(own, `${input}.`, alg),
  'one bit changed': (input, alg, [own]) =>
    mutate(signWith(own, input, alg), (bytes) => bytes.writeUInt8(bytes.readUInt8(7) ^ 1, 7)),
  'a byte short': (input, alg, [own]) => signWith(own, input, alg).subarray(0, -1),
  'a byte short at the front': (input, alg, [own]) => signWith(own, input, alg).subarray(1),
  'a byte too long': (input, alg, [own]) => Buffer.concat([signWith(own, input, alg), Buffer.alloc(1)]),
  'a byte too long at the front': (input, alg, [own]) => Buffer.concat([Buffer.alloc(1), signWith(own, input, alg)]),
  twice: (input, alg, [own]) => Buffer.concat([signWith(own, input, alg), signWith(own, input, alg)]),
  zeros: (input, alg, [own]) => signWith(own, input, alg).fill(0),
  ones: (input, alg, [own]) => signWith(own, input, alg).fill(0xff),
  'first half zero': (input, alg, [own]) =>
    mutate(signWith(own, input, alg), (bytes) => bytes.fill(0, 0, bytes.length / 2)),
  'second half zero': (input, alg, [own]) =>
    mutate(signWith(own, input, alg), (bytes) => bytes.fill(0, bytes.length / 2)),
  'second half the order of the curve': (input, alg, [own]) =>
    mutate(signWith(own, input, alg), (bytes) => bytes.write(P256_ORDER.toString(16), bytes.length - 32, 'hex')),
  'the other s': (input, alg, [own]) => withOtherS(signWith(own, input, alg)),
  'in DER': (input, alg, [own]) => signWith(own, input, alg, { dsaEncoding: 'der' }),
  'of the other RSA scheme': (input, alg, [own]) =>
    signWith(
      own,
      input,
      alg.replace(/^[PR]S/, (name) => (name === 'PS' ? 'RS' : 'PS')),
    ),
  'of another digest': (input, alg, [own]) => signWith(own, input, alg.replace('256', '384').replace('512', '256')),
  'with salt of another length': (input, alg, [own]) =>
    signWith(own, input, alg, alg.startsWith('PS') ? { saltLength: 17 } : {}),
  'without salt': (input, alg, [own]) => signWith(own, input, alg, alg.startsWith('PS') ? { saltLength: 0 } : {}),
  'of the digest instead of the text': (input, alg, [own]) =>
    signWith(own, createHash('sha256').update(input).digest('base64url'), alg),
}

/** Up to whole groups of four characters; JSON does not mind. */
function blankPadded(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url')
  return Buffer.concat([bytes, Buffer.alloc((3 - (bytes.length % 3)) % 3, ' ')]).toString('base64url')
}

/** Adds what makes no byte, and alters nothing for a lenient reader. */
export const NO_WHOLE_BYTES = 'one character of a byte more'

/** Spellings of base64url that lose nothing, lose something, or are none. */
export const SPELLINGS: Readonly<Record<string, (segment: string) => string>> = {
  plain: (segment) => segment,
  'a character more': (segment) => `${segment}A`,
  'two characters more': (segment) => `${segment}AA`,
  'a character less': (segment) => segment.slice(0, -1),
  [NO_WHOLE_BYTES]: (segment) => `${blankPadded(segment)}A`,
  'blanks at the end': blankPadded,
  'other spare bits': (segment) => segment.slice(0, -1) + (segment.endsWith('A') ? 'B' : 'A'),
  'other high bits': (segment) => segment.slice(0, -1) + (segment.endsWith('_') ? 'w' : '_'),
}

const spelling = fc.oneof(
  { weight: 9, arbitrary: fc.constant('plain') },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(SPELLINGS)) },
)
const ABSENT = Symbol('absent')
const second = fc.integer({ min: -60, max: 60 }).map((offset) => SECOND + offset)
const oddity = fc.oneof(
  fc.constantFrom<unknown>(ABSENT, null, true, '', '0', 0, -1, 1e300, [], {}, [SECOND + 100], '2026-11-21'),
  fc.double({ min: SECOND - 40, max: SECOND + 40, noNaN: true }),
  fc.jsonValue({ maxDepth: 1 }),
)
const usually = (common: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: common }, { weight: 1, arbitrary: oddity })
const audience = fc.constantFrom('nats', 'nats-next', 'vault', 'NATS', '')

const claimsOf = fc
  .record({
    exp: usually(fc.oneof(second, fc.constant(SECOND + 3600))),
    nbf: usually(fc.oneof(second, { weight: 4, arbitrary: fc.constant(SECOND - 10) })),
    iat: usually(second),
    aud: usually(
      fc.oneof({ weight: 6, arbitrary: fc.constant('nats') }, audience, fc.array(audience, { maxLength: 3 })),
    ),
    sub: usually(fc.constant('system:serviceaccount:shop:orders')),
    more: fc.dictionary(
      fc.constantFrom('email', 'jti', '__proto__', 'constructor', 'ß'),
      fc.jsonValue({ maxDepth: 1 }),
    ),
    endless: fc.constantFrom('', '', '', 'exp', 'nbf'),
  })
  .map(({ more, endless, ...registered }) => {
    const members = Object.entries({ ...serviceAccountClaims(), ...more, ...registered })
    return `{${members
      .filter(([, value]) => value !== ABSENT)
      // Larger than any number of JavaScript.
      .map(([name, value]) => `${JSON.stringify(name)}:${name === endless ? '1e999' : JSON.stringify(value)}`)
      .join(',')}}`
  })

const expectations: fc.Arbitrary<TokenExpectations> = fc.record({
  name: fc.constant('cluster'),
  issuer: fc.constant(CLUSTER_ISSUER),
  audiences: fc.constantFrom(['nats'], ['nats', 'nats-next'], ['nats-next', 'vault', 'nats']),
  requiredClaims: fc
    .constantFrom([], [], ['email'], ['jti', 'nbf'], ['iat', 'aud'], ['__proto__'], ['constructor', 'jti'])
    .map((more) => ['exp', 'sub', ...more]),
  clockToleranceSeconds: fc.integer({ min: 0, max: 40 }),
})

export interface HostileToken {
  readonly signing: string
  readonly header: Readonly<Record<string, string>>
  /** JSON. */
  readonly claims: string
  readonly spellings: { readonly header: string; readonly claims: string; readonly signature: string }
}

export interface Trial extends HostileToken {
  readonly expected: TokenExpectations
  /** Milliseconds. */
  readonly now: number
}

export const trials: fc.Arbitrary<Trial> = fc.record({
  signing: fc.oneof(
    { weight: 1, arbitrary: fc.constant('good') },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(SIGNINGS)) },
  ),
  header: fc.dictionary(
    fc.constantFrom('kid', 'typ', 'jwk', 'x5c', '__proto__', 'zip'),
    fc.constantFrom('a', '', 'JWT'),
  ),
  claims: claimsOf,
  spellings: fc.record({ header: spelling, claims: spelling, signature: spelling }),
  expected: expectations,
  now: fc.integer({ min: -1500, max: 1500 }).map((offset) => NOW + offset),
})

function spell(name: string, segment: string): string {
  return SPELLINGS[name]?.(segment) ?? segment
}

/** What is signed is what is sent, however it is spelled. */
export function compactOf(alg: string, token: HostileToken): string {
  const header = spell(token.spellings.header, encodeSegment({ alg, ...token.header }))
  const input = `${header}.${spell(token.spellings.claims, encodeSegment(token.claims))}`
  const signature = SIGNINGS[token.signing]?.(input, alg, pairsFor(alg)) ?? Buffer.alloc(0)
  return `${input}.${spell(token.spellings.signature, signature.toString('base64url'))}`
}
