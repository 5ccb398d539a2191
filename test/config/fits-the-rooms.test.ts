/** A configuration that loads is one that the rooms take: by type, and by what they refuse themselves. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { issuerProblems, type IssuerSettings } from '../../src/authn/index.ts'
import type { AuthorizeSettings } from '../../src/callout/authorize.ts'
import { parseConfig, pathResolver, type Config } from '../../src/config/index.ts'
import type { KeyringSettings, ServiceCredentials } from '../../src/keys/index.ts'
import { CONFIG_MODE } from './support.ts'

const EXAMPLES = new URL('../../deploy/examples/', import.meta.url)
const at = pathResolver('/etc/nib')

/** Compiles only while the parts of the configuration are what the rooms ask for. */
function partsOf(config: Config): {
  issuers: readonly IssuerSettings[]
  keys: KeyringSettings
  credentials: ServiceCredentials
  authorize: AuthorizeSettings
} {
  const { issuers, keys, accounts, sessions } = config
  const authorize = { clientTypes: config.callout.clientTypes, accounts, sessions }
  return { issuers, keys, credentials: config.nats.credentials, authorize }
}

describe('the token issuers', () => {
  test.for(readdirSync(EXAMPLES).filter((file) => file.startsWith('bridge.')))('of %s are accepted', (file) => {
    const result = parseConfig({ file, text: readFileSync(new URL(file, EXAMPLES), 'utf8') }, at)
    expect(result.ok && issuerProblems(partsOf(result.value.config).issuers)).toEqual([])
  })

  test.for<[string, string, string]>([
    ['a name with blanks', 'name: cluster', "name: 'a b'"],
    ['an invisible issuer', 'https://kubernetes.default.svc', "'https://kubernetes.default.svc '"],
    ['the legacy issuer', 'https://kubernetes.default.svc', 'kubernetes/serviceaccount'],
    ['the audience of the API server', '[nats]', '[nats, https://kubernetes.default.svc]'],
    ['an empty audience', '[nats]', "['']"],
    ['an audience with blanks', '[nats]', "['a b']"],
    ['an issuer that cannot be discovered', 'https://kubernetes.default.svc', 'https://kubernetes.default.svc/?a=b'],
    ['an issuer that is no URL', 'https://kubernetes.default.svc', 'kubernetes'],
    ['plain HTTP', 'https://kubernetes.default.svc', 'http://kubernetes.default.svc'],
    ['users that read like workloads', 'kind: kubernetes\n      issuer: https:', 'kind: oidc\n      issuer: spiffe:'],
    ['an empty key set', 'discovery: true', 'inline: {keys: []}'],
    ['a key set that is none', 'discovery: true', 'inline: 5'],
    ['another trust domain', '[nats]', '[nats]\n      trustDomain: A_B!'],
    ['a symmetric algorithm', '[nats]', '[nats]\n      algorithms: [HS512]'],
    ['a tiny token', '[nats]', '[nats]\n      maxTokenBytes: 255'],
  ])('with %s are refused here already', ([, from, to]) => {
    expect(CONFIG_MODE).toContain(from)
    expect(parseConfig({ file: 'x', text: CONFIG_MODE.replace(from, to) }, at).ok).toBe(false)
  })
})
