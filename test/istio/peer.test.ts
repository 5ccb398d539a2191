/** The matchers of a peer's URI against the regular expressions that Istio writes for Envoy. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesNamespace, matchesServiceAccount, matchesTrustDomain } from '../../src/istio/peer.ts'
import { parseIp, parseCidr, isInside } from '../../src/istio/ip.ts'
import { BlockList, isIP } from 'node:net'

const uri = fc
  .array(fc.constantFrom('/', 'ns', 'sa', 'a', 'b', 'ab', '/ns/', '/sa/', 'sa/b', '/ns/a/sa/b', 'td', '.'), {
    maxLength: 10,
  })
  .map((parts) => `spiffe://${parts.join('')}`)
const RUNS = { numRuns: 5000 }

describe('the matcher of', () => {
  test('namespaces is the search that Istio means', () => {
    const value = fc
      .array(fc.constantFrom('a', 'b', '*', 'sa', '/'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(value, uri, (namespace, peer) => {
        const pattern = namespace.split('*').map(quoted).join('.*')
        expect(matchesNamespace({ pieces: namespace.split('*') }, peer)).toBe(
          new RegExp(`^.*/ns/${pattern}/.*$`).test(peer),
        )
      }),
      RUNS,
    )
  })

  test('serviceAccounts is the pattern that Istio means', () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'sa', '.')
    fc.assert(
      fc.property(name, name, uri, (namespace, account, peer) => {
        const pattern = new RegExp(`^spiffe://.+/ns/${quoted(namespace)}/(.+/|)sa/${quoted(account)}(/.+)?$`)
        expect(matchesServiceAccount({ namespace, name: account }, peer)).toBe(pattern.test(peer))
      }),
      RUNS,
    )
  })

  test('trustDomains is the pattern that Istio means', () => {
    const part = fc.constantFrom('', 'a', 'td', 'b', 'a/b', '.')
    fc.assert(
      fc.property(part, part, uri, (head, tail, peer) => {
        const pattern = new RegExp(`^spiffe://${quoted(head)}[^/]*${quoted(tail)}/.*$`)
        expect(matchesTrustDomain({ is: 'around', head, tail }, peer)).toBe(pattern.test(peer))
      }),
      RUNS,
    )
  })

  test('takes time in proportion to the URI', () => {
    const peer = `spiffe://td/ns/a/${'sa/a/sa/aa/'.repeat(100_000)}`
    const start = performance.now()
    matchesServiceAccount({ namespace: 'a', name: 'a' }, `${peer}sa/b`)
    matchesNamespace({ pieces: Array.from({ length: 1000 }, () => 'a') }, peer)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('addresses', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc
      .array(fc.constantFrom('1', '0', '255', '256', '.', ':', '::', 'ffff', '01', '%a', 'g'), { maxLength: 10 })
      .map((parts) => parts.join('')),
  )

  test('are what Node takes for addresses', () => {
    fc.assert(
      fc.property(text, (written) => {
        // Go takes any text for a zone, Node only some.
        fc.pre(!/%.*%/.test(written))
        const bytes = { 0: undefined, 4: 4, 6: 16 }[isIP(written)]
        expect([written, parseIp(written)?.length]).toEqual([written, bytes])
      }),
      RUNS,
    )
  })

  test('lie in blocks as Node says', () => {
    const pair = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const)),
    )
    fc.assert(
      fc.property(pair, fc.boolean(), ([address, base, bits, family], near) => {
        const block = parseCidr(`${near ? address : base}/${bits}`)
        const bytes = parseIp(address)
        const list = new BlockList()
        list.addSubnet(near ? address : base, bits, family)
        expect(block !== undefined && bytes !== undefined && isInside(bytes, block)).toBe(list.check(address, family))
      }),
      RUNS,
    )
  })

  test.for([
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '/8',
    '10.0.0/8',
    '::/129',
    'fe80::1%eth0/64',
    '10.0.0.0/8/8',
    'x',
    '',
    '1.2.3.04',
    '1:2:3:4:5:6:7::8',
    '1::2::3',
    '1:2:3:4:5:6:7',
    ':1::',
  ])('%s is no block', (written) => {
    expect(parseCidr(written)).toBeUndefined()
  })

  test('a zone is read and means nothing', () => {
    expect(parseIp('fe80::1%eth0')).toEqual(parseIp('fe80::1'))
    expect(parseIp('fe80::1%')).toBeUndefined()
    expect(parseIp('1.2.3.4%eth0')).toBeUndefined()
  })
})

function quoted(text: string): string {
  return text.replaceAll(/[.*/]/g, String.raw`\$&`)
}
