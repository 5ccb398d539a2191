/** A setup that makes no sense is refused whole: every mistake at once, each with the path of the member that is wrong. */
import { describe, expect, test } from 'vitest'
import {
  createServerConfig,
  isAtLeast,
  parseServerVersion,
  type ServerConfigSetup,
} from '../../src/server-config/index.ts'
import { fixedKeys } from '../support/fixed-keys.ts'

const CONFIG: ServerConfigSetup = { mode: 'config', sealed: false, accounts: ['SHOP'] }
const OPERATOR: ServerConfigSetup = { ...CONFIG, mode: 'operator' }
const HASH = `$2a$11$${'a'.repeat(53)}`

function create(setup: ServerConfigSetup) {
  return createServerConfig(setup, fixedKeys(), { now: () => 0 })
}

function complaints(setup: ServerConfigSetup): string[] {
  const config = create(setup)
  return config.ok ? [] : config.error.map(({ message }) => message)
}

describe('a setup', () => {
  test('may leave everything to the defaults but the mode, the accounts and the xkey', () => {
    expect(complaints(CONFIG)).toEqual([])
    expect(complaints(OPERATOR)).toEqual([])
  })

  const wrong: readonly (readonly [string, Partial<ServerConfigSetup>, RegExp])[] = [
    ['an unreadable version', { serverVersion: 'latest' }, /^serverVersion: expected a version/],
    [
      'a server without auth callout',
      { serverVersion: '2.9.25' },
      /^serverVersion: nats-server has auth_callout since/,
    ],
    ['a pre-release of the first server with auth callout', { serverVersion: '2.10.0-beta.1' }, /^serverVersion: /],
    ['no account', { accounts: [] }, /^accounts: expected at least one/],
    ['an account that is no name', { accounts: ['SHOP', 'a b'] }, /^accounts\[1\]: expected 1 to 64 letters/],
    ['an account that would open a block', { accounts: ['A{'] }, /^accounts\[0\]: expected/],
    ['the global account', { accounts: ['$G'] }, /^accounts\[0\]: expected/],
    ['an account twice', { accounts: ['SHOP', 'SHOP'] }, /^accounts\[1\]: SHOP stands twice/],
    ['clients in the system account', { accounts: ['SYS'] }, /^accounts\[0\]: SYS is the system account/],
    ['clients with the callout', { accounts: ['AUTH'] }, /^accounts\[0\]: only the bridge lives in AUTH/],
    ['clients with a renamed callout', { calloutAccount: 'SHOP' }, /^accounts\[0\]: only the bridge lives in SHOP/],
    ['the callout in the system account', { calloutAccount: 'SYS' }, /^calloutAccount: the callout needs an account/],
    ['a queue with a blank', { queue: 'nib x' }, /^queue: expected/],
    ['a queue with a wildcard', { queue: '>' }, /^queue: expected/],
    ['a name of the bridge', { breakGlass: [{ name: 'nib', account: 'SYS' }] }, /^breakGlass\[0\]\.name: .* twice/],
    [
      'break glass in the callout account',
      { breakGlass: [{ name: 'glass', account: 'AUTH' }] },
      /^breakGlass\[0\]\.account: expected SYS or one of/,
    ],
    [
      'a password in plain text',
      { breakGlass: [{ name: 'glass', account: 'SYS', password: { bcrypt: 'hunter2' } }] },
      /^breakGlass\[0\]\.password: expected a bcrypt hash$/,
    ],
    [
      'a hash with a quote in it',
      { bridgePassword: { bcrypt: `${HASH.slice(0, -1)}"` } },
      /^bridgePassword: expected a bcrypt hash$/,
    ],
    ['a variable that is none', { bridgePassword: { variable: 'A B' } }, /^bridgePassword: expected the name/],
    [
      'a private key as issuer',
      { publicKeys: { issuer: fixedKeys().signing('A').seed } },
      /^publicKeys\.issuer: expected/,
    ],
    ['an xkey for nothing', { publicKeys: { xkey: fixedKeys().curve().publicKey } }, /^publicKeys\.xkey: given, but/],
    [
      'two logins for the bridge',
      { publicKeys: { bridge: fixedKeys().signing('U').publicKey }, bridgePassword: { bcrypt: HASH } },
      /^publicKeys\.bridge: .* not both$/,
    ],
    [
      'a port out of range',
      { listeners: { client: { host: 'x', port: 70_000 } } },
      /^listeners\.client\.port: expected/,
    ],
    [
      'a host that ends the line',
      { listeners: { client: { host: 'x\ny', port: 1 } } },
      /^listeners\.client\.host: not/,
    ],
    ['MQTT without JetStream', { listeners: { mqtt: { host: 'x', port: 1883 } } }, /^listeners\.mqtt: .*JetStream/],
    ['an empty path', { jetstream: { storeDir: '' } }, /^jetstream\.storeDir: not a path/],
    ['a CONNECT shorter than the default', { maxControlLine: 1024 }, /^maxControlLine: expected/],
    ['no time for the bridge', { authorizationTimeout: 0 }, /^authorizationTimeout: expected/],
    ['time without end', { authorizationTimeout: Number.NaN }, /^authorizationTimeout: expected/],
    ['a proxy that is no key', { trustedProxies: ['proxy'] }, /^trustedProxies\[0\]: expected/],
    ['a foreign account to delegate', { delegatedAccounts: ['OTHER'] }, /^delegatedAccounts\[0\]: expected/],
    [
      'delegated accounts before 2.11',
      { serverVersion: '2.10.26', delegatedAccounts: ['SHOP'] },
      /^delegatedAccounts: nats-server has it since 2\.11\.0, not in 2\.10\.26/,
    ],
    [
      'a token cookie before 2.11',
      { serverVersion: '2.10.26', listeners: { websocket: { host: 'x', port: 1, tokenCookie: 't' } } },
      /^listeners\.websocket\.tokenCookie: nats-server has it since 2\.11\.0/,
    ],
    [
      'an origin that is none',
      { listeners: { websocket: { host: 'x', port: 1, tokenCookie: 't', origins: ['shop.example'] } } },
      /^listeners\.websocket\.origins\[0\]: expected an origin/,
    ],
    [
      'origins without a cookie',
      { listeners: { websocket: { host: 'x', port: 1, origins: ['https://shop.example'] } } },
      /^listeners\.websocket\.origins: without tokenCookie/,
    ],
    [
      'proxies before 2.12',
      { serverVersion: '2.11.11', trustedProxies: [fixedKeys().signing('U').publicKey] },
      /^trustedProxies: nats-server has it since 2\.12\.0/,
    ],
  ]

  test.for(wrong)('is refused with %s', ([, part, message]) => {
    expect(complaints({ ...CONFIG, ...part })).toEqual([expect.stringMatching(message)])
  })

  test('is told everything that is wrong at once', () => {
    const found = complaints({ ...CONFIG, accounts: ['SYS', 'a b'], queue: '', maxControlLine: 1, serverVersion: '?' })
    expect(found).toHaveLength(5)
  })

  test('has no passwords, static users or own keys in operator mode', () => {
    const found = complaints({
      ...OPERATOR,
      bridgePassword: { bcrypt: HASH },
      publicKeys: {},
      delegatedAccounts: ['SHOP'],
    })
    expect(found.map((message) => message.split(':')[0])).toEqual(['bridgePassword', 'publicKeys', 'delegatedAccounts'])
  })

  test('makes no two files of one name, in upper or lower case', () => {
    expect(complaints({ ...OPERATOR, accounts: ['SHOP', 'shop'] })).toEqual([expect.stringContaining('shop.nk')])
    expect(complaints({ ...OPERATOR, accounts: ['operator'] })).toEqual([expect.stringContaining('operator.nk')])
    const user = { ...OPERATOR, breakGlass: [{ name: 'sentinel', account: 'SYS' }] }
    expect(complaints(user)).toEqual([expect.stringContaining('sentinel.creds')])
  })

  test('makes no key that is given', () => {
    const keys = fixedKeys()
    const publicKeys = {
      issuer: keys.signing('A').publicKey,
      xkey: keys.curve().publicKey,
      bridge: keys.signing('U').publicKey,
    }
    const config = create({ ...CONFIG, sealed: true, publicKeys })
    if (!config.ok) throw new Error('refused')
    expect(config.value.files.map(({ name }) => name)).toEqual(['break-glass.nk'])
    for (const key of Object.values(publicKeys)) expect(config.value.text).toContain(`"${key}"`)
  })

  test('is warned of an old server, of a missing sentinel and of a wire in the clear', () => {
    const codes = (setup: ServerConfigSetup): string[] => {
      const config = create(setup)
      return config.ok ? config.value.notices.map(({ code }) => code) : ['refused']
    }
    const tls = { certFile: '/c', keyFile: '/k' }
    expect(codes({ ...OPERATOR, tls })).toEqual([])
    expect(codes(CONFIG)).toEqual(['tls-off'])
    expect(codes({ ...OPERATOR, tls, serverVersion: '2.12.8' })).toEqual(['server-legacy'])
    expect(codes({ ...OPERATOR, tls, serverVersion: '2.11.1' })).toEqual(['server-legacy', 'no-default-sentinel'])
    expect(codes({ ...CONFIG, tls, serverVersion: '2.11.1' })).toEqual(['server-legacy'])
  })
})

describe('a server version', () => {
  const order: readonly (readonly [string, '2.11.2', boolean])[] = [
    ['2.11.1', '2.11.2', false],
    ['2.11.2-RC.1', '2.11.2', false],
    ['2.11.2', '2.11.2', true],
    ['v2.11.2+build', '2.11.2', true],
    ['2.11.10', '2.11.2', true],
    ['2.12.0-RC.1', '2.11.2', true],
    ['2.9.99', '2.11.2', false],
    ['3.0.0', '2.11.2', true],
  ]

  test.for(order)('%s from %s on: %s', ([text, floor, expected]) => {
    const version = parseServerVersion(text)
    expect(version.ok && isAtLeast(version.value, floor)).toBe(expected)
  })

  test.for(['', '2', '2.15', '2.15.x', ' 2.15.1', '2.15.1\n', '-1.2.3', '2.15.1-'])('is not %j', (text) => {
    expect(parseServerVersion(text).ok).toBe(false)
  })
})
