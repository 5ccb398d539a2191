/**
 * A whole deployment on one machine: a real nats-server with a generated configuration, a cluster (a stand-in, or a real API server)
 * and a stand-in identity provider, and the bridge between them, in this process. Everything listens on loopback; every wait has an end.
 * For development: whoever can read its folder can be anybody in it.
 */
import type { DecisionRecord } from '../audit/record.ts'
import { compile } from '../compile/index.ts'
import { loadConfig } from '../config/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { sha256Hex } from '../serve/sha256.ts'
import { startBridge, type RunningBridge } from '../serve/start-bridge.ts'
import {
  createServerConfig,
  DEFAULTS,
  freshKeys,
  type BridgeSide,
  type ServerConfig,
  type ServerMode,
} from '../server-config/index.ts'
import { readPolicyFolders } from '../sources/index.ts'
import type { Log } from '../telemetry/logger.ts'
import { bridgeConfigText } from './bridge-config.ts'
import { createCleanup, type Cleanup } from './cleanup.ts'
import type { DevCluster } from './cluster/dev-cluster.ts'
import { startRealCluster } from './cluster/real-cluster.ts'
import { startStandIn } from './cluster/stand-in.ts'
import { within } from './deadline.ts'
import { DevError } from './dev-error.ts'
import { createDevFolder, type DevFolder } from './dev-folder.ts'
import { findNatsServer, runNatsServer, type RunningNatsServer } from './nats-server/index.ts'
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts'

export interface DevOptions {
  readonly policyFolder: string
  readonly mode: ServerMode
  /** Whether the policy is applied to a real API server, which issues the tokens as well. Default: a stand-in. */
  readonly realCluster?: boolean
  /** Whether requests and answers travel sealed (xkey). */
  readonly sealed: boolean
  /** Of nats-server; -1 for a free one. */
  readonly port: number
  readonly version: string
  readonly log: Log
  /** Where nats-server is looked for; default: of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly onDecision?: (record: DecisionRecord) => void
  /** One line for each step that may take a while. */
  readonly progress?: (line: string) => void
}

export interface RunningDev {
  readonly natsUrl: string
  readonly serverVersion: string
  /** Settled when nats-server has ended, whoever ended it. */
  readonly serverEnded: Promise<void>
  readonly bridge: RunningBridge
  readonly deployment: BridgeSide
  readonly cluster: DevCluster
  readonly identityProvider: TokenIssuer
  readonly trustDomain: string
  readonly audience: string
  readonly policyFolder: string
  /** Files of this run; gone after {@link stop}. */
  readonly folder: DevFolder
  /** What the policy holds that its authors should know. */
  readonly diagnostics: readonly Diagnostic[]
  /** Stops everything, in order. */
  stop(): Promise<void>
}

export const TRUST_DOMAIN = 'cluster.local'
export const AUDIENCE = 'nats'
/** Of people's tokens. */
export const GROUPS_CLAIM = 'groups'
/** Fixed, so that policies can name it; its keys are read on loopback. */
const IDENTITY_PROVIDER_ISS = 'https://login.example'

const HOST = '127.0.0.1'
const READY_LIMIT_MS = 15_000

/** @throws DevError with a hint. What was started until then is stopped. */
export async function startDev(options: DevOptions): Promise<RunningDev> {
  const cleanup = createCleanup()
  try {
    return await start(options, cleanup)
  } catch (problem) {
    await cleanup.run()
    throw problem
  }
}

async function start(options: DevOptions, cleanup: Cleanup): Promise<RunningDev> {
  const { policyFolder, progress, env = process.env } = options
  const { snapshot, diagnostics } = await readPolicy(policyFolder)
  const { path, version } = await findNatsServer({ env, ...(progress !== undefined && { progress }) })
  const folder = await createDevFolder()
  cleanup.add('the folder of this run', () => folder.remove())

  const config = serverConfig(options, version, snapshot)
  for (const { name, content } of config.files) await folder.write(name, content)
  const server = await runServer(path, await folder.write('nats-server.conf', config.text), options.port)
  cleanup.add('nats-server', () => server.stop())

  const cluster = options.realCluster
    ? await startRealCluster({ policyFolder, env, ...(progress !== undefined && { progress }) })
    : await startStandIn(policyFolder)
  cleanup.add('the cluster', () => cluster.stop())
  const identityProvider = await startTokenIssuer({ issuer: IDENTITY_PROVIDER_ISS })
  cleanup.add('the stand-in identity provider', () => identityProvider.stop())

  const text = bridgeConfigText({
    bridge: config.bridge,
    natsUrl: server.url,
    systemAccount: DEFAULTS.systemAccount,
    trustDomain: TRUST_DOMAIN,
    audience: AUDIENCE,
    issuers: [
      { name: 'cluster', kind: 'kubernetes', issuer: cluster.issuer, keys: cluster.keys },
      {
        name: 'people',
        kind: 'oidc',
        issuer: identityProvider.issuer,
        keys: { url: identityProvider.jwksUrl },
        groupsClaim: GROUPS_CLAIM,
      },
    ],
    policy: cluster.policy,
    admin: `${HOST}:0`,
  })
  const bridge = await runBridge(await folder.write('bridge.yaml', text), options)
  cleanup.add('the bridge', () => bridge.stop())
  await waitUntilReady(bridge)
  return {
    natsUrl: server.url,
    serverVersion: version,
    serverEnded: server.ended,
    bridge,
    deployment: config.bridge,
    cluster,
    identityProvider,
    trustDomain: TRUST_DOMAIN,
    audience: AUDIENCE,
    policyFolder,
    folder,
    diagnostics,
    stop: () => cleanup.run(),
  }
}

/** The server must know its accounts before the bridge reads the policy. */
async function readPolicy(
  folder: string,
): Promise<{ readonly snapshot: Snapshot; readonly diagnostics: readonly Diagnostic[] }> {
  const texts = await readPolicyFolders([folder])
  if (!texts.ok) throw unusablePolicy(folder, texts.error)
  const { snapshot, diagnostics } = compile(texts.value, {
    trustDomains: { local: TRUST_DOMAIN, aliases: [] },
    forbiddenAccounts: [DEFAULTS.systemAccount, DEFAULTS.calloutAccount],
    hash: sha256Hex,
  })
  if (snapshot === undefined) throw unusablePolicy(folder, diagnostics)
  if (snapshot.model.accounts.length === 0) {
    const hint = 'an AccountMap says who lives in which account: see deploy/demo/policy/accounts.yaml'
    throw new DevError(`no AccountMap in ${folder} names an account`, { hint, diagnostics })
  }
  return { snapshot, diagnostics }
}

function unusablePolicy(folder: string, diagnostics: readonly Diagnostic[]): DevError {
  const hint = 'correct what is named above, then start again'
  return new DevError(`the policy in ${folder} cannot be used`, { hint, diagnostics })
}

function serverConfig({ mode, sealed, port }: DevOptions, serverVersion: string, { model }: Snapshot): ServerConfig {
  const accounts = [...new Set(model.accounts.map(({ account }) => account))]
  const config = createServerConfig(
    { mode, sealed, serverVersion, accounts, breakGlass: [], listeners: { client: { host: HOST, port } } },
    freshKeys,
    { now: Date.now },
  )
  if (config.ok) return config.value
  const hint = 'accounts are those that the AccountMap names; "nib server-config" has the same rules'
  throw new DevError('no nats-server configuration can be made', { hint, diagnostics: config.error })
}

async function runServer(binary: string, file: string, port: number): Promise<RunningNatsServer> {
  try {
    return await runNatsServer({ binary, config: { file } })
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : 'nats-server did not start'
    if (!/address already in use/.test(message)) throw problem
    throw new DevError(`port ${port} is taken`, { hint: 'stop what listens there, or choose another with --port' })
  }
}

async function runBridge(file: string, { version, log, onDecision }: DevOptions): Promise<RunningBridge> {
  const loaded = await loadConfig(file)
  if (!loaded.ok) throw new DevError('the generated bridge.yaml is wrong', { diagnostics: loaded.error })
  const { config } = loaded.value
  const bridge = await startBridge(config, { version, log, ...(onDecision !== undefined && { onDecision }) })
  if (bridge.ok) return bridge.value
  throw new DevError('the bridge did not start', { diagnostics: bridge.error })
}

async function waitUntilReady(bridge: RunningBridge): Promise<void> {
  try {
    await within(bridge.whenReady, READY_LIMIT_MS, 'readiness of the bridge')
  } catch (cause) {
    const failing = bridge.readiness().checks.filter(({ ok }) => !ok)
    const details = failing.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
    throw new DevError(`the bridge did not get ready within ${READY_LIMIT_MS / 1000} s: ${details}`, { cause })
  }
}
