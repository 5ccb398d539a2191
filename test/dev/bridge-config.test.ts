import { describe, expect, test } from 'vitest'
import { parseConfig, pathResolver } from '../../src/config/index.ts'
import { bridgeConfigText } from '../../src/dev/bridge-config.ts'
import { createServerConfig, freshKeys } from '../../src/server-config/index.ts'

describe('bridge.yaml', () => {
  test.each(['config', 'operator'] as const)('for %s mode is what the bridge reads', (mode) => {
    const setup = { mode, sealed: true, accounts: ['SHOP', 'OFFICE'], breakGlass: [] }
    const made = createServerConfig(setup, freshKeys, { now: Date.now })
    if (!made.ok) throw new Error(JSON.stringify(made.error))
    const text = bridgeConfigText({
      bridge: made.value.bridge,
      natsUrl: 'nats://127.0.0.1:4222',
      systemAccount: 'SYS',
      trustDomain: 'cluster.local',
      audience: 'nats',
      issuers: [
        { name: 'cluster', kind: 'kubernetes', issuer: 'https://cluster', keys: { discovery: true } },
        {
          name: 'people',
          kind: 'oidc',
          issuer: 'https://idp',
          keys: { url: 'https://idp/keys' },
          groupsClaim: 'groups',
        },
      ],
      policy: { folders: ['policy'] },
      admin: '127.0.0.1:0',
    })
    expect(parseConfig({ file: 'bridge.yaml', text }, pathResolver('/run'))).toMatchObject({
      ok: true,
      value: {
        diagnostics: [],
        config: {
          accounts: ['SHOP', 'OFFICE'],
          callout: { mode },
          keys: { mode, xkey: [{ seedFile: '/run/xkey.nk' }] },
          policy: { folders: ['/run/policy'] },
          issuers: [{ audiences: ['nats'], trustDomain: 'cluster.local' }, { groupsClaim: 'groups' }],
        },
      },
    })
    const files = new Set(made.value.files.map(({ name }) => name))
    const named = [...text.matchAll(/File: (\S+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => !files.has(name))).toEqual([])
  })
})
