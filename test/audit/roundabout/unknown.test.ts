/** What is answered when little is known, what a topology may not say, and how transforms are followed. */
import { describe, expect, test } from 'vitest'
import { EAR } from './scene.ts'
import fc from 'fast-check'
import { mapBackward, mapForward } from '../../../src/audit/roundabout/subject-map.ts'
import { parseTopology } from '../../../src/audit/topology.ts'
import { matches } from '../../../src/subject/index.ts'
import { createRoundabout } from '../../../src/audit/roundabout/ways.ts'
import { createDecide } from '../../../src/policy/decide.ts'
import { pattern, sha256Hex, snapshotOf } from '../../support/policy-arbitraries.ts'
import { askWays, waysFor, type Granted, type World } from './world.ts'

describe('of a policy without a topology', () => {
  const grants: Granted = { publish: ['$JS.API.DIRECT.GET.KV_carts.>', '$JS.API.DIRECT.GET.OTHER.>'], subscribe: [EAR] }
  const world: World = { account: 'A', people: { eve: grants } }

  test('the name of a bucket says what it holds, other streams may hold anything, and gaps say so', () => {
    const found = waysFor(world, 'eve', 'subscribe', '$KV.carts.x')
    expect(found.map(({ stream, certain }) => [stream, certain])).toEqual([
      ['KV_carts', true],
      ['OTHER', false],
    ])
    expect(waysFor(world, 'eve', 'subscribe', 'shop.x').map(({ stream, certain }) => [stream, certain])).toEqual([
      ['OTHER', false],
    ])
  })

  test('gaps name what is not known, account by account, and how to make it known', () => {
    const { gaps } = askWays(world, 'subscribe', 'shop.x')
    expect(gaps.map(({ code }) => code)).toEqual(['imports-unknown', 'streams-unknown'])
    expect(gaps.every(({ message }) => message.includes('account A'))).toBe(true)
    expect(gaps.map(({ hint }) => hint)).toEqual([
      "give a topology: `nib topology --account A` writes one, with system credentials or the account's JWT",
      'give a topology: `nib topology --account A` writes one',
    ])
  })

  test('with all of it known there is no gap', () => {
    const topology = { accounts: { A: { jetStream: false, imports: [], exports: [] } } }
    expect(askWays({ ...world, topology }, 'subscribe', 'shop.x')).toEqual({ ways: [], gaps: [] })
  })

  test('a stream that copies from nobody knows where is a gap', () => {
    const copy = { name: 'COPY', subjects: [], consumers: [], mirror: { stream: 'FAR', apiPrefix: '$JS.far.API' } }
    const topology = { accounts: { A: { streams: [copy], imports: [], exports: [] } } }
    expect(askWays({ ...world, topology }, 'subscribe', 'shop.x').gaps.map(({ code }) => code)).toEqual([
      'source-unknown',
    ])
  })

  test('who holds the subject needs no way around', () => {
    const everything = { account: 'A', people: { eve: { publish: ['$JS.API.>'], subscribe: ['shop.>'] } } }
    expect(waysFor(everything, 'eve', 'subscribe', 'shop.x')).toEqual([])
    expect(waysFor(everything, 'eve', 'subscribe', 'other.x').map(({ kind }) => kind)).toEqual(['whole-api'])
  })

  test('without anywhere to hear the answer nothing is read', () => {
    const deaf = { account: 'A', people: { eve: { publish: ['$JS.API.STREAM.MSG.GET.S'] } } }
    expect(waysFor(deaf, 'eve', 'subscribe', 'shop.x')).toEqual([])
    expect(waysFor(deaf, 'eve', 'publish', 'shop.x').map(({ kind }) => kind)).toEqual(['message-get', 'server-answer'])
  })
})

describe('of what depends on others', () => {
  test('a right in another JetStream domain is told with a gap', () => {
    const eve: Granted = { publish: ['$JS.hub.API.STREAM.MSG.GET.ORDERS'], subscribe: [EAR] }
    const known = {
      jetStream: true,
      streams: [{ name: 'ORDERS', subjects: ['shop.>'], consumers: [] }],
      imports: [],
      exports: [],
    }
    const world: World = { account: 'A', people: { eve }, topology: { accounts: { A: known } } }
    const { ways, gaps } = askWays(world, 'subscribe', 'shop.x')
    expect(ways.map(({ kind, certain, uses }) => [kind, certain, uses])).toEqual([
      ['message-get', false, ['$JS.hub.API.STREAM.MSG.GET.ORDERS']],
    ])
    expect(gaps.map(({ code }) => code)).toEqual(['domain-unknown'])
  })

  test('an account that is imported from and not known is a gap', () => {
    const imports = [{ kind: 'stream', account: 'FAR', subject: 'a.>', localSubject: 'a.>' } as const]
    const world: World = {
      account: 'A',
      people: { eve: { subscribe: [EAR] } },
      topology: { accounts: { A: { jetStream: false, imports, exports: [] } } },
    }
    expect(askWays(world, 'publish', 'a.b').gaps.map(({ code }) => code)).toEqual(['account-unknown'])
  })

  test('a deny of what a stream passes on closes that way', () => {
    const republish = { source: 'shop.*', destination: 'seen.{{wildcard(1)}}' }
    const streams = [{ name: 'S', subjects: ['shop.*'], republish, consumers: [] }]
    const topology = { accounts: { A: { streams, imports: [], exports: [] } } }
    const kinds = (granted: Granted) =>
      waysFor({ account: 'A', people: { eve: granted }, topology }, 'eve', 'subscribe', 'shop.x').map(
        ({ uses }) => uses,
      )
    expect(kinds({ subscribe: ['seen.>'] })).toEqual([['seen.x']])
    expect(kinds({ subscribe: ['seen.>'], deaf: ['seen.x'] })).toEqual([])
  })
})

describe('of principals that are only described', () => {
  const origin = { kind: 'SubjectPolicy', namespace: 'shop', name: 'readers', rule: 0 }
  const snapshot = snapshotOf({
    accounts: [{ account: 'A', principals: [{ namespace: 'shop' }], inbox: 'private', origin }],
    grants: [
      {
        effect: 'allow',
        principals: [{ namespace: 'shop' }],
        grant: { verb: 'request', patterns: [pattern('$JS.API.DIRECT.GET.KV_carts.>')] },
        origin,
      },
    ],
  })

  test('the description goes the way, and whoever is known by name under it', () => {
    const ask = createRoundabout(snapshot, [{ namespace: 'shop', name: 'eve' }], createDecide(sha256Hex))
    const { ways } = ask({ action: 'subscribe', pattern: pattern('$KV.carts.>') })
    expect(ways.map(({ principal, known, rules }) => [principal, known, rules])).toEqual([
      ['spiffe://shop.example/ns/shop/sa/eve', true, [origin]],
      ['any ServiceAccount of namespace shop', false, [origin]],
    ])
  })
})

describe('a topology is refused', () => {
  test.each([
    [{ accounts: { A: { stream: [] } } }, 'accounts.A: '],
    [{ accounts: { A: { streams: [{ name: 'S', subjects: ['a..b'] }] } } }, 'accounts.A.streams[0].subjects[0]: '],
    [
      { accounts: { A: { imports: [{ kind: 'service', account: 'B', subject: 'a' }] } } },
      'accounts.A.imports[0].localSubject: ',
    ],
    [[], 'the document: '],
  ])('%j', (value, place) => {
    const parsed = parseTopology(value)
    expect(parsed.ok ? '' : parsed.error).toContain(place)
  })
})

const tokens = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 })
const anyMap = fc
  .tuple(tokens, fc.boolean(), fc.infiniteStream(fc.nat({ max: 3 })))
  .map(([source, isOpen, choices]) => {
    const wildcards = source.filter((token) => token === '*').length
    const picks = [...choices.take(3)]
    const destination = picks.map((pick) =>
      pick === 0 || wildcards === 0 ? 'z' : `{{wildcard(${(pick % wildcards) + 1})}}`,
    )
    const tail = isOpen ? ['>'] : []
    return { source: pattern([...source, ...tail].join('.')), destination: [...destination, ...tail].join('.') }
  })
const anyLiteral = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 })
  .map((all) => pattern(all.join('.')))

describe('a transform', () => {
  test('of a pattern holds what becomes of each of its subjects, and leads back to it', () => {
    fc.assert(
      fc.property(anyMap, anyLiteral, (map, literal) => {
        const became = mapForward(map, literal)
        expect(became === undefined).toBe(!matches(map.source, literal))
        if (became === undefined) return
        expect(became.exact).toBe(true)
        const back = mapBackward(map, became.pattern)
        expect(back !== undefined && matches(back.pattern, literal)).toBe(true)
        const whole = mapForward(map, map.source)
        expect(whole !== undefined && matches(whole.pattern, became.pattern)).toBe(true)
      }),
    )
  })

  test.each([
    ['orders.*.*', 'by.$2.$1', 'orders.eu.new', 'by.new.eu', true],
    ['orders.>', 'copy.orders.>', 'orders.eu.new', 'copy.orders.eu.new', true],
    ['orders.*', 'parts.{{partition(3,1)}}', 'orders.eu', 'parts.*', false],
    ['orders.*', 'cut.{{SplitFromLeft(1,1)}}', 'orders.eu', 'cut.>', false],
    ['orders.*', '', 'orders.eu', 'orders.eu', true],
  ])('of %s to %s makes %s %s', (source, destination, subject, expected, exact) => {
    const found = mapForward({ source: pattern(source), destination }, pattern(subject))
    expect([found?.pattern.text, found?.exact]).toEqual([expected, exact])
  })
})
