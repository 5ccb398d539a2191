/** `bridge.yaml` for a generated server configuration. Pure. File names are those of the generated files, beside it. */
import { stringify } from 'yaml'
import { API_VERSION } from '../compile/kinds/kind.ts'
import type { BridgeSide, KeyInFile, OwnLogin } from '../server-config/index.ts'

export interface BridgeConfigParts {
  readonly bridge: BridgeSide
  readonly natsUrl: string
  readonly systemAccount: string
  readonly trustDomain: string
  /** `aud` of tokens for this NATS. */
  readonly audience: string
  /** ServiceAccount tokens. */
  readonly cluster: TokenSource
  /** Tokens of people. */
  readonly identityProvider: TokenSource
  readonly policyFolder: string
}

/** What a token issuer is known by, and where its keys are. */
export interface TokenSource {
  readonly issuer: string
  readonly jwksUrl: string
}

export const CLUSTER_ISSUER = 'cluster'
export const PEOPLE_ISSUER = 'people'
export const GROUPS_CLAIM = 'groups'

export function bridgeConfigText(parts: BridgeConfigParts): string {
  const { bridge, audience } = parts
  const issuer = (name: string, kind: string, { issuer: iss, jwksUrl }: TokenSource): object => ({
    name,
    kind,
    issuer: iss,
    audiences: [audience],
    keys: { url: jwksUrl },
  })
  return stringify({
    apiVersion: API_VERSION,
    kind: 'BridgeConfig',
    nats: { servers: [parts.natsUrl], queueGroup: bridge.queue, credentials: credentials(bridge.login) },
    callout: { ...callout(bridge), systemAccount: parts.systemAccount, ...xkey(bridge.xkey) },
    accounts: accounts(bridge),
    identity: {
      trustDomain: parts.trustDomain,
      issuers: [
        issuer(CLUSTER_ISSUER, 'kubernetes', parts.cluster),
        { ...issuer(PEOPLE_ISSUER, 'oidc', parts.identityProvider), groupsClaim: GROUPS_CLAIM },
      ],
    },
    policy: { folders: [parts.policyFolder] },
    admin: { listen: '127.0.0.1:0' },
  })
}

function callout(bridge: BridgeSide): object {
  if (bridge.mode === 'config') {
    return { mode: bridge.mode, account: bridge.calloutAccount, issuer: [seedFile(bridge.issuer)] }
  }
  const { publicKey, jwtFile, signingKey } = bridge.calloutAccount
  return { mode: bridge.mode, account: publicKey, accountJwtFile: jwtFile, response: [seedFile(signingKey)] }
}

function accounts(bridge: BridgeSide): readonly object[] {
  if (bridge.mode === 'config') return bridge.accounts.map((name) => ({ name }))
  return bridge.accounts.map(({ name, publicKey, jwtFile, signingKey }) => ({
    name,
    publicKey,
    jwtFile,
    signingKeys: [seedFile(signingKey)],
  }))
}

function xkey(key: KeyInFile | undefined): object {
  return key === undefined ? {} : { xkey: [seedFile(key)] }
}

function credentials(login: OwnLogin): object {
  if (login.kind === 'creds') return { credsFile: login.file }
  if (login.kind === 'nkey' && login.file !== undefined) return { nkeySeedFile: login.file }
  throw new Error('the login of the bridge has no file')
}

function seedFile({ file }: KeyInFile): object {
  if (file === undefined) throw new Error('a key of the bridge has no file')
  return { seedFile: file }
}
