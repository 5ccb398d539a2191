import { describe, expect, test } from 'vitest'
import { allows, fromSource, when, type Place } from './ask.ts'

const td1: Place = { mesh: { trustDomain: 'td1', trustDomainAliases: ['old-td'] } }
const SA = 'ns/a/sa/b'

/** Trust domains whose `ns/a/sa/b` gets in. */
function admitted(principal: string, place: Place): string[] {
  return ['td1', 'old-td', 'new-td', 'cluster.local', 'tx', 'other'].filter((trustDomain) =>
    allows(fromSource({ principals: [principal] }), { principal: `spiffe://${trustDomain}/${SA}` }, place),
  )
}

describe('in a mesh td1 with the alias old-td', () => {
  test.for<[string, string[]]>([
    [`td1/${SA}`, ['td1', 'old-td']],
    [`old-td/${SA}`, ['td1', 'old-td']],
    [`cluster.local/${SA}`, ['td1', 'old-td']],
    [`other/${SA}`, ['other']],
    [`*-td/${SA}`, ['td1', 'old-td', 'new-td']],
    [`t*/${SA}`, ['td1', 'old-td']],
    [`*/${SA}`, ['td1', 'old-td', 'new-td', 'cluster.local', 'tx', 'other']],
    ['td1/ns/a/sa/*', ['td1', 'old-td']],
    ['td1/ns/a/*', ['td1']],
    ['cluster.local/ns/a/*', ['cluster.local']],
    [`*/a/sa/b`, ['td1', 'old-td', 'new-td', 'cluster.local', 'tx', 'other']],
  ])('%s admits %j', ([principal, expected]) => {
    expect(admitted(principal, td1)).toEqual(expected)
  })

  test('a condition and a not are said for the aliases too', () => {
    const peer = { principal: `spiffe://old-td/${SA}` }
    expect(allows(when('source.principal', [`td1/${SA}`]), peer, td1)).toBe(true)
    expect(allows(fromSource({ notPrincipals: [`cluster.local/${SA}`] }), peer, td1)).toBe(false)
  })

  test('trustDomains knows the aliases, and cluster.local as nothing special', () => {
    const ask = (value: string, trustDomain: string) =>
      allows(fromSource({ trustDomains: [value] }), { principal: `spiffe://${trustDomain}/${SA}` }, td1)
    expect([ask('td1', 'old-td'), ask('old-td', 'td1'), ask('td1', 'other')]).toEqual([true, true, false])
    expect([ask('cluster.local', 'td1'), ask('cluster.local', 'cluster.local')]).toEqual([false, true])
    expect([ask('td*', 'old-td'), ask('td*', 'td1')]).toEqual([false, true])
  })
})

describe('in the default mesh', () => {
  test('cluster.local is itself', () => {
    expect(admitted(`cluster.local/${SA}`, {})).toEqual(['cluster.local'])
  })
})
