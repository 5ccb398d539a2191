/** From the file as it was written and found sound, to the configuration as the rooms take it. Paths become absolute here. */
import { isAbsolute, resolve } from 'node:path'
import type {
  AdminConfig,
  Config,
  CredentialsConfig,
  IssuerConfig,
  IssuerKeysConfig,
  PolicyConfig,
  QuestionsNatsConfig,
  SeedFileConfig,
  TlsConfig,
} from './config.ts'
import type { IssuerInFile, KeysInFile } from './issuer-schema.ts'
import { admin, type AdminInFile, type QuestionsInFile } from './questions-schema.ts'
import { audit, log, sessions, type ConfigModeFile, type OperatorModeFile } from './schema.ts'

export type ResolvePath = (path: string) => string

/** @param baseDir folder of the file, which relative paths start from. */
export function pathResolver(baseDir: string): ResolvePath {
  return (path) => (isAbsolute(path) ? path : resolve(baseDir, path))
}

export function configModeConfig(file: ConfigModeFile, at: ResolvePath): Config {
  const { callout } = file
  return {
    ...sharedConfig(file, at),
    keys: { mode: 'config', issuer: seeds(callout.issuer, at), xkey: seeds(callout.xkey, at) },
    accounts: file.accounts.map(({ name }) => name),
    forbiddenAccounts: [callout.systemAccount, callout.account],
  }
}

export function operatorModeConfig(file: OperatorModeFile, at: ResolvePath): Config {
  const { callout, accounts } = file
  return {
    ...sharedConfig(file, at),
    keys: {
      mode: 'operator',
      callout: { publicKey: callout.account, ...optionalPath('jwtFile', callout.accountJwtFile, at) },
      response: seeds(callout.response, at),
      xkey: seeds(callout.xkey, at),
      accounts: accounts.map(({ name, publicKey, jwtFile, signingKeys }) => ({
        name,
        publicKey,
        ...optionalPath('jwtFile', jwtFile, at),
        signingKeys: seeds(signingKeys, at),
      })),
    },
    accounts: accounts.map(({ name }) => name),
    forbiddenAccounts: [callout.systemAccount, callout.account],
  }
}

function sharedConfig(
  file: ConfigModeFile | OperatorModeFile,
  at: ResolvePath,
): Omit<Config, 'keys' | 'accounts' | 'forbiddenAccounts'> {
  const { nats, callout, identity } = file
  const { ttl, minimumTtl, jitter } = file.sessions ?? sessions.parse({})
  return {
    nats: {
      servers: nats.servers,
      connections: nats.connections,
      queueGroup: nats.queueGroup,
      credentials: credentialsOf(nats.credentials, at),
      ...(nats.tls === undefined ? {} : { tls: tlsOf(nats.tls, at) }),
    },
    callout: {
      mode: callout.mode,
      account: callout.account,
      deadlineMs: callout.deadline,
      maxPending: callout.maxPending,
      clientTypes: callout.clients?.types ?? ['nats', 'websocket'],
    },
    trustDomains: { local: identity.trustDomain, aliases: identity.trustDomainAliases },
    issuers: identity.issuers.map((issuer) => issuerOf(issuer, identity.trustDomain, at)),
    policy: policyOf(file.policy, at),
    sessions: { ttlSeconds: ttl, minimumSeconds: minimumTtl, jitter },
    admin: adminOf(file.admin ?? admin.parse({}), at),
    questions: questionsOf(file.questions ?? {}, at),
    log: file.log ?? log.parse({}),
    audit: file.audit ?? audit.parse({}),
  }
}

function policyOf(
  { folders = [], rootNamespace, kubernetes }: ConfigModeFile['policy'],
  at: ResolvePath,
): PolicyConfig {
  if (kubernetes === undefined) return { folders: folders.map(at), rootNamespace }
  const { kubeconfigFile, context, status } = kubernetes
  return {
    folders: folders.map(at),
    rootNamespace,
    kubernetes: {
      ...optionalPath('kubeconfigFile', kubeconfigFile, at),
      ...(context === undefined ? {} : { context }),
      status,
    },
  }
}

/** INVARIANT: `checks.ts` has seen exactly one kind of login. */
function credentialsOf(credentials: ConfigModeFile['nats']['credentials'], at: ResolvePath): CredentialsConfig {
  const { user = '', passwordFile = '', credsFile, nkeySeedFile } = credentials
  if (credsFile !== undefined) return { credsFile: at(credsFile) }
  if (nkeySeedFile !== undefined) return { nkeySeedFile: at(nkeySeedFile) }
  return { user, passwordFile: at(passwordFile) }
}

function tlsOf(tls: NonNullable<ConfigModeFile['nats']['tls']>, at: ResolvePath): TlsConfig {
  return {
    ...optionalPath('caFile', tls.caFile, at),
    ...optionalPath('certFile', tls.certFile, at),
    ...optionalPath('keyFile', tls.keyFile, at),
    handshakeFirst: tls.handshakeFirst,
  }
}

function adminOf({ listen, tls, auditors }: AdminInFile, at: ResolvePath): AdminConfig {
  const { certFile, keyFile, clientCaFile } = tls ?? {}
  return {
    ...listen,
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : { tls: { certFile: at(certFile), keyFile: at(keyFile), ...optionalPath('clientCaFile', clientCaFile, at) } }),
    ...(auditors === undefined ? {} : { auditors }),
  }
}

function questionsOf({ nats, topologyFile }: QuestionsInFile, at: ResolvePath): Config['questions'] {
  return {
    ...(nats === undefined ? {} : { nats: questionsNatsOf(nats, at) }),
    ...optionalPath('topologyFile', topologyFile, at),
  }
}

function questionsNatsOf(nats: NonNullable<QuestionsInFile['nats']>, at: ResolvePath): QuestionsNatsConfig {
  const { servers, credentials, tls, subjectPrefix } = nats
  return {
    servers,
    credentials: credentialsOf(credentials, at),
    ...(tls === undefined ? {} : { tls: tlsOf(tls, at) }),
    subjectPrefix,
  }
}

function seeds(files: readonly SeedFileConfig[] | undefined, at: ResolvePath): SeedFileConfig[] {
  return (files ?? []).map(({ seedFile }) => ({ seedFile: at(seedFile) }))
}

function issuerOf(issuer: IssuerInFile, localTrustDomain: string, at: ResolvePath): IssuerConfig {
  const { kind, trustDomain = localTrustDomain, groupsClaim, clockTolerance, keys, ...same } = issuer
  const shared = {
    ...same,
    ...(clockTolerance === undefined ? {} : { clockToleranceSeconds: clockTolerance }),
    keys: issuerKeysOf(keys, at),
  }
  if (kind === 'kubernetes') return { kind, ...shared, trustDomain }
  return { kind, ...shared, ...(groupsClaim === undefined ? {} : { groupsClaim }) }
}

/** INVARIANT: `checks.ts` has seen exactly one source of keys. */
function issuerKeysOf(keys: KeysInFile, at: ResolvePath): IssuerKeysConfig {
  const { discovery, url, file, inline, refresh, maxAge, caFile, bearerTokenFile, allowInsecureHttp } = keys
  const age = {
    ...(refresh === undefined ? {} : { refreshSeconds: refresh }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: maxAge }),
  }
  if (file !== undefined) return { file: at(file), ...age }
  const http = {
    ...age,
    ...optionalPath('caFile', caFile, at),
    ...optionalPath('bearerTokenFile', bearerTokenFile, at),
    ...(allowInsecureHttp === undefined ? {} : { allowInsecureHttp }),
  }
  if (discovery !== undefined) return { discovery, ...http }
  return url === undefined ? { inline } : { url, ...http }
}

function optionalPath<K extends string>(key: K, path: string | undefined, at: ResolvePath): { [name in K]?: string } {
  const found: { [name in K]?: string } = {}
  if (path !== undefined) found[key] = at(path)
  return found
}
