import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inboxPrefixOf } from '../../src/policy/inbox.ts'
import { sha256Hex } from '../support/policy-arbitraries.ts'

test('an inbox prefix is one token that says nothing but stays the same', () => {
  expect(inboxPrefixOf('spiffe://shop.example/ns/shop/sa/orders', sha256Hex)).toBe(
    '_INBOX_b57c1878c322dd607c2ebc4d64de5db3',
  )
})

test('whatever the name, the prefix is a plain token', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(inboxPrefixOf(name, sha256Hex)).toMatch(/^_INBOX_[0-9a-f]{32}$/)
    }),
  )
})

test.each(['', 'ABCDEF0123456789ABCDEF0123456789', 'deadbeef', '*.>', '0123456789abcdef.0123456789abcdef'])(
  'a hash that answers %j is a bug, not an inbox',
  (answer) => {
    expect(() => inboxPrefixOf('x', () => answer)).toThrow('lower-case hex')
  },
)
