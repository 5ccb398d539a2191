/** Istio's reading of requestPrincipals, row by row as real Envoys decided them. */
import { describe, expect, test } from 'vitest'
import { matchesRequestPrincipal } from '../../src/policy/request-principal.ts'

const ISSUER = 'https://login.example/realms/shop'

describe('a request principal', () => {
  test.each([
    [`${ISSUER}/alice`, ISSUER, 'alice', true, 'is cut at the last slash'],
    [
      `${ISSUER}/alice`,
      'https://login.example',
      'realms/shop/alice',
      false,
      'never matches a subject with a slash exactly',
    ],
    [`${ISSUER}/alice`, ISSUER, 'alicia', false, 'is exact without a star'],
    [`${ISSUER}/*`, ISSUER, 'svc/orders', true, 'with a star for the subject matches any subject, slashes included'],
    [`${ISSUER}/*`, ISSUER, '', false, 'with a star for the subject needs one'],
    [`${ISSUER}/*`, `${ISSUER}/x`, 'alice', false, 'with a star for the subject has an exact issuer'],
    [`${ISSUER}/al*`, ISSUER, 'alice', true, 'may end in a prefix of the subject'],
    [`${ISSUER}/al*`, ISSUER, 'bob', false, 'may end in a prefix of the subject'],
    ['*', ISSUER, 'alice', true, 'of a star alone is any token'],
    ['*', ISSUER, '', false, 'of a star alone needs a subject'],
    ['*', '', 'alice', false, 'of a star alone needs an issuer'],
    ['*/alice', ISSUER, 'alice', true, 'may leave the issuer open'],
    ['*/alice', ISSUER, 'malice', false, 'with the issuer open has an exact subject'],
    ['*shop/alice', ISSUER, 'alice', true, 'may begin with a suffix of the issuer'],
    ['*shop/alice', 'https://login.example', 'alice', false, 'may begin with a suffix of the issuer'],
    ['*ice', ISSUER, 'alice', true, 'may be a suffix of the subject'],
    ['*ice', ISSUER, 'bob', false, 'may be a suffix of the subject'],
    ['*/*', ISSUER, 'alice', false, 'takes a trailing star literally after a leading one'],
    ['*/*', ISSUER, '*', true, 'takes a trailing star literally after a leading one'],
    ['*/ali*', ISSUER, 'alice', false, 'takes a trailing star literally after a leading one'],
    ['https://login*', ISSUER, 'alice', false, 'with a slash before the star is cut there'],
    ['login*', 'login.example', 'alice', true, 'without a slash may be a prefix of the issuer'],
    ['login*', 'login.example', '', false, 'without a slash needs a subject beside the issuer'],
    ['login.example', 'login.example', '', true, 'without slash and star means an empty subject'],
    ['login.example', 'login.example', 'alice', false, 'without slash and star means an empty subject'],
  ])('%s against %s and %s: %s, it %s', (value, issuer, subject, expected) => {
    expect(matchesRequestPrincipal(value, { issuer, subject, claims: {} })).toBe(expected)
  })
})
