/**
 * What a reader of a generated configuration sees: `test/golden/server-config/<case>.conf`, and beside it the claims of the JWTs in it and
 * the files that go with it. REFRESH_GOLDEN=1 writes them anew; read the difference before it is committed.
 */
import { decode } from '@nats-io/jwt'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createServerConfig, type ServerConfig, type ServerConfigSetup } from '../../src/server-config/index.ts'
import { fixedKeys } from '../support/fixed-keys.ts'

const FOLDER = new URL('../golden/server-config/', import.meta.url)
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g
const NOON = Date.UTC(2026, 10, 21, 12)

const proxy = fixedKeys().signing('U').publicKey

const cases = {
  'config-small': { mode: 'config', sealed: false, accounts: ['SHOP'] },
  'config-everything': {
    mode: 'config',
    sealed: true,
    accounts: ['SHOP', 'OPS'],
    sessions: true,
    questions: 'OPS',
    bridgePassword: { variable: 'BRIDGE_PASSWORD' },
    breakGlass: [
      { name: 'break-glass', account: 'SYS' },
      { name: 'night-shift', account: 'OPS', password: { variable: 'NIGHT_SHIFT_PASSWORD' } },
    ],
    delegatedAccounts: ['OPS'],
    trustedProxies: [proxy],
    replies: 'inbox',
    serverName: 'nats-7',
    listeners: {
      client: { host: '::', port: 4222 },
      monitor: { host: '127.0.0.1', port: 8222 },
      websocket: { host: '0.0.0.0', port: 8443, tokenCookie: 'nats-token' },
      mqtt: { host: '0.0.0.0', port: 8883 },
      leafnodes: { host: '0.0.0.0', port: 7422 },
    },
    tls: { certFile: '/etc/nats/tls.crt', keyFile: '/etc/nats/tls.key', caFile: '/etc/nats/ca.crt' },
    jetstream: { storeDir: '/data/jetstream' },
  },
  'config-2.10': { mode: 'config', sealed: true, accounts: ['SHOP'], serverVersion: '2.10.26' },
  'operator-everything': {
    mode: 'operator',
    sealed: true,
    accounts: ['SHOP', 'OPS'],
    sessions: true,
    questions: 'OPS',
    breakGlass: [
      { name: 'break-glass', account: 'SYS' },
      { name: 'night-shift', account: 'OPS' },
    ],
    listeners: { websocket: { host: '0.0.0.0', port: 8080 } },
    jetstream: { storeDir: '/data/jetstream' },
  },
  'operator-2.11.1': { mode: 'operator', sealed: false, accounts: ['SHOP'], serverVersion: '2.11.1' },
} as const satisfies Record<string, ServerConfigSetup>

function create(setup: ServerConfigSetup): ServerConfig {
  const config = createServerConfig(setup, fixedKeys(), { now: () => NOON })
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  return config.value
}

const created: ReadonlyMap<string, ServerConfig> = new Map(
  Object.entries(cases).map(([name, setup]) => [name, create(setup)]),
)
const all = [...created]

/** JWTs in a text are a wall of letters: they are numbered, and their claims written out. */
function readable({ text, files, notices, bridge }: ServerConfig): { conf: string; rest: string } {
  const jwts = [...new Set(text.match(JWT) ?? [])]
  const numbered = (all: string): string => all.replaceAll(JWT, (jwt) => `(JWT ${jwts.indexOf(jwt) + 1})`)
  const rest = {
    jwts: jwts.map((jwt) => decode(jwt)),
    // A seed in a golden file would teach scanners to look away.
    files: files.map(({ content: _content, ...file }) => file),
    notices,
    bridge,
  }
  return { conf: numbered(text), rest: `${numbered(JSON.stringify(rest, null, 2))}\n` }
}

describe('a generated configuration', () => {
  test.for(all)('reads as its golden file says: %s', ([name, config]) => {
    const { conf, rest } = readable(config)
    const confFile = new URL(`${name}.conf`, FOLDER)
    const restFile = new URL(`${name}.json`, FOLDER)
    if (process.env['REFRESH_GOLDEN'] === '1') {
      mkdirSync(FOLDER, { recursive: true })
      writeFileSync(confFile, conf)
      writeFileSync(restFile, rest)
    }
    expect(conf).toBe(readFileSync(confFile, 'utf8'))
    expect(rest).toBe(readFileSync(restFile, 'utf8'))
  })

  test('is the same for the same keys and time', () => {
    for (const name of ['config-everything', 'operator-everything'] as const)
      expect(create(cases[name])).toEqual(created.get(name))
  })

  test.for(all)('explains every line: %s', ([, { text }]) => {
    const lines = text.split('\n')
    const settings = lines.filter((line) => /^\s*["\w].*: /.test(line))
    expect(settings.length).toBeGreaterThan(10)
    expect(settings.filter((line) => !lines[lines.indexOf(line) - 1]?.trim().startsWith('# '))).toEqual([])
  })

  test.for(all)('holds no secret: %s', ([, { text, files, bridge }]) => {
    const secrets = files.flatMap(({ content }) => content.match(/\bS[OAUNX][A-Z2-7]{56}\b/g) ?? [])
    expect(secrets.length).toBeGreaterThan(0)
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
    const open = files.filter(({ secret }) => !secret).map(({ content }) => content)
    const shown = secrets.filter((secret) => open.some((content) => content.includes(secret)))
    // The sentinel's seed opens nothing: it is given to every client.
    expect(shown).toHaveLength(bridge.mode === 'operator' ? 1 : 0)
  })

  test('gives the sentinel no rights at all', () => {
    const bridge = created.get('operator-everything')?.bridge
    const jwt = bridge?.mode === 'operator' ? bridge.sentinel.jwt : ''
    expect(decode(jwt).nats).toMatchObject({ pub: { deny: ['>'] }, sub: { deny: ['>'] }, bearer_token: true })
  })
})
