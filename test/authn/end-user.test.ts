/** Claims of OIDC tokens, believed already: who holds them and in which groups. */
import { describe, expect, test } from 'vitest'
import { identifyEndUser, type EndUserSettings } from '../../src/authn/end-user.ts'
import { endUserClaims, IDP_ISSUER } from './support/token-mint.ts'

function identify(changes: Record<string, unknown>, settings: Partial<EndUserSettings> = {}) {
  const claims = JSON.parse(JSON.stringify(endUserClaims(changes)))
  return identifyEndUser({ issuer: IDP_ISSUER, groupsClaim: undefined, otherIssuers: [], ...settings })(claims)
}

function groupsOf(changes: Record<string, unknown>, groupsClaim: string): readonly string[] | string {
  const identity = identify(changes, { groupsClaim })
  return identity.ok ? identity.value.principal.groups : identity.error
}

describe('sub', () => {
  test.for(['alice', 'auth0|5f7c', 'repo:shop/orders:ref:refs/heads/main', 'a@b.example', '*', '>', 'x'.repeat(255)])(
    'may be any visible ASCII: %s',
    (sub) => {
      const identity = identify({ sub })
      expect(identity.ok && identity.value.principal.name).toBe(`${IDP_ISSUER}/${sub}`)
    },
  )

  test.for([
    ['absent', undefined],
    ['empty', ''],
    ['a number', 42],
    ['null', null],
    ['a list', ['alice']],
    ['a space', 'alice bob'],
    ['a newline', 'alice\nbob'],
    ['a carriage return at the end', 'alice\r'],
    ['a NUL', 'alice\0'],
    ['DEL', 'alice\u007f'],
    ['a Cyrillic letter', '\u0430lice'],
    ['a right-to-left mark', 'alice\u202e'],
    ['too long', 'x'.repeat(256)],
  ] as const)('may be nothing else: %s', ([, sub]) => {
    expect(identify({ sub })).toEqual({
      ok: false,
      error: 'sub is missing, or not 1 to 255 visible ASCII characters',
    })
  })

  test('cannot make the principal read like that of an issuer whose iss goes on', () => {
    const settings = {
      issuer: 'https://idp.example',
      otherIssuers: ['https://idp.example', 'https://idp.example/tenant'],
    }
    expect(identify({ sub: 'tenant/alice' }, settings).ok).toBe(false)
    expect(identify({ sub: 'tenant-2/alice' }, settings).ok).toBe(true)
    expect(identify({ sub: 'alice' }, settings).ok).toBe(true)
    const inner = { ...settings, issuer: 'https://idp.example/tenant' }
    expect(identify({ sub: 'alice' }, inner).ok).toBe(true)
  })
})

describe('a token that is not simply its holder’s', () => {
  test('bound to a key is refused, because a CONNECT cannot show that key', () => {
    expect(identify({ cnf: { jkt: 'x' } }).ok).toBe(false)
  })

  test('made for a delegate is refused; one that merely allows delegation is not', () => {
    expect(identify({ act: { sub: 'service' } }).ok).toBe(false)
    expect(identify({ may_act: { sub: 'service' } }).ok).toBe(true)
  })
})

describe('groups', () => {
  const always = 'system:authenticated'
  test('come from the claim that the settings name: sorted, once each, or none', () => {
    expect(groupsOf({ groups: ['ops', 'dev', 'ops'] }, 'groups')).toEqual(['dev', 'ops', always])
    expect(groupsOf({ groups: 'dev' }, 'groups')).toEqual(['dev', always])
    expect(groupsOf({ groups: ['dev'] }, 'roles')).toEqual([always])
    expect(identify({ groups: ['dev'] })).toMatchObject({ value: { principal: { groups: [always] } } })
  })

  test('lie behind a path with dots, unless a claim has exactly that name', () => {
    const claims = {
      realm_access: { roles: ['a'] },
      'https://example.com/groups': ['b'],
      'realm.roles': ['c'],
      realm: { roles: ['d'] },
    }
    expect(groupsOf(claims, 'realm_access.roles')).toEqual(['a', always])
    expect(groupsOf(claims, 'https://example.com/groups')).toEqual(['b', always])
    expect(groupsOf(claims, 'realm.roles')).toEqual(['c', always])
    expect(groupsOf(claims, 'constructor.name')).toEqual([always])
    expect(groupsOf(claims, '__proto__')).toEqual([always])
  })

  test.for([
    ['a number', 7],
    ['an object', { a: true }],
    ['null', null],
    ['a list with a number', ['a', 1]],
    ['an empty name', ['']],
    ['a newline', ['a\nb']],
    ['an endless name', ['x'.repeat(257)]],
    ['too many', Array.from({ length: 501 }, (_, index) => `g${index}`)],
    ['a group of Kubernetes', ['dev', 'system:serviceaccounts:shop']],
    ['system:authenticated itself', ['system:authenticated']],
  ] as const)('are refused whole when one cannot be believed: %s', ([, groups]) => {
    expect(groupsOf({ groups }, 'groups')).toContain('the groups claim is not a list')
  })

  test('that stand elsewhere together with what they lie in are not taken for none', () => {
    const elsewhere = { _claim_names: { realm_access: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x' } } }
    expect(groupsOf(elsewhere, 'realm_access.roles')).toBe('the groups of the holder are not in the token')
    // Whoever has them in the token as well is not in doubt.
    expect(groupsOf({ ...elsewhere, realm_access: { roles: ['staff'] } }, 'email')).toEqual(['system:authenticated'])
  })

  test('that the issuer left out for their number are not taken for none', () => {
    const missing = 'the groups of the holder are not in the token'
    expect(groupsOf({ _claim_names: { groups: 'src1' } }, 'groups')).toBe(missing)
    expect(groupsOf({ hasgroups: true }, 'groups')).toBe(missing)
    expect(groupsOf({ _claim_names: { photo: 'src1' }, groups: [] }, 'groups')).toEqual([always])
  })
})

test('facts name the credential and the client, when they are words', () => {
  expect(identify({ jti: 'id-1', client_id: 'cli' })).toMatchObject({
    value: { facts: { credentialId: 'id-1', client: 'cli' } },
  })
  expect(identify({ jti: 'a b', azp: 7 })).toMatchObject({ value: { facts: {} } })
})
