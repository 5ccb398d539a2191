/** `bridge.yaml` for a generated server configuration. Pure. File names are those of the generated files, beside it. */
import { stringify } from 'yaml'
import { API_VERSION } from '../compile/kinds/kind.ts'
import type { ClusterKeys, ClusterPolicy } from './cluster/dev-cluster.ts'
import type { BridgeSide, KeyInFile, OwnLogin } from '../server-config/index.ts'

export interface BridgeConfigParts {
  readonly bridge: BridgeSide
  readonly natsUrl: string
  /** Roots that the certificate of the server is checked against; without it, those of the system. */
  readonly natsCaFile?: string
  readonly systemAccount: string
  readonly trustDomain: string
  /** `aud` of tokens for this NATS. */
  readonly audience: string
  readonly issuers: readonly IssuerPart[]
  readonly policy: ClusterPolicy
  /** Address of health, readiness and metrics. */
  readonly admin: string
}

export interface IssuerPart {
  readonly name: string
  readonly kind: 'kubernetes' | 'oidc'
  /** `iss` of its tokens. */
  readonly issuer: string
  readonly keys: { readonly discovery: true } | ClusterKeys
  readonly groupsClaim?: string
}

export function bridgeConfigText(parts: BridgeConfigParts): string {
  const { bridge, audience, issuers } = parts
  return stringify({
    apiVersion: API_VERSION,
    kind: 'BridgeConfig',
    nats: { ...server(parts), queueGroup: bridge.queue, credentials: credentials(bridge.login) },
    callout: { ...callout(bridge), systemAccount: parts.systemAccount, ...xkey(bridge.xkey) },
    accounts: accounts(bridge),
    identity: {
      trustDomain: parts.trustDomain,
      issuers: issuers.map(({ name, kind, issuer, ...rest }) => ({
        name,
        kind,
        issuer,
        audiences: [audience],
        ...rest,
      })),
    },
    policy: parts.policy,
    admin: { listen: parts.admin },
    ...questions(parts),
  })
}

function server({ natsUrl, natsCaFile: caFile }: BridgeConfigParts): object {
  return { servers: [natsUrl], ...(caFile === undefined ? {} : { tls: { caFile } }) }
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

function questions(parts: BridgeConfigParts): object {
  const login = parts.bridge.questions
  return login === undefined ? {} : { questions: { nats: { ...server(parts), credentials: credentials(login) } } }
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
