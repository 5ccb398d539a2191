/**
 * A bridge in this process, answering a real nats-server, with everything it says in view: records, log, metrics, and, from inside the
 * callout account, each request and reply as it crosses the wire.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type Authenticator, type ConnectionOptions, type NatsConnection } from 'nats'
import { stringify, parse } from 'yaml'
import type { DecisionRecord } from '../../../src/audit/record.ts'
import { loadConfig } from '../../../src/config/index.ts'
import { bridgeConfigText } from '../../../src/dev/bridge-config.ts'
import { eventually } from '../../../src/dev/deadline.ts'
import { startTokenIssuer, type TokenIssuer } from '../../../src/dev/token-issuer.ts'
import { isJsonObject } from '../../../src/lib/json.ts'
import type { Diagnostic } from '../../../src/policy/diagnostic.ts'
import { startBridge, type RunningBridge } from '../../../src/serve/start-bridge.ts'
import { DEFAULTS } from '../../../src/server-config/index.ts'
import {
  startEnvironment,
  type EnvironmentName,
  type EnvironmentOptions,
  type TestEnvironment,
} from '../../support/nats-server.ts'
import { keepLog, type KeptLog } from './kept-log.ts'
import { createInsider } from './insider.ts'
import { watchWire, type Wire } from './wire.ts'

export const TRUST_DOMAIN = 'cluster.local'
export const AUDIENCE = 'nats'
export const CLUSTER_ISS = 'https://kubernetes.default.svc.cluster.local'
export const PEOPLE_ISS = 'https://login.example'
export const LIMIT_MS = 10_000
/** For what does not depend on how nats-server is set up: each mode, and each kind of envelope, once. */
export const WHATEVER_MODE: readonly EnvironmentName[] = ['config+xkey', 'operator']

/** Laid over the generated `bridge.yaml`: objects are merged, everything else is replaced. */
export type Overlay = { readonly [field: string]: unknown }

export interface RigOptions extends EnvironmentOptions {
  /** Files of the policy folder. */
  readonly policy?: Readonly<Record<string, string>>
  readonly overlay?: Overlay
  /** Token issuers beside the usual two, as `bridge.yaml` has them. */
  readonly issuers?: readonly object[]
  /** Default true. */
  readonly withBridge?: boolean
  /** Watches the wire from inside the callout account, whose place in the server's configuration is made for that. Default true. */
  readonly withWire?: boolean
}

export interface Rig {
  readonly env: TestEnvironment
  readonly cluster: TokenIssuer
  readonly people: TokenIssuer
  readonly wire: Wire
  readonly log: KeptLog
  /** Of every bridge of this rig, oldest first. */
  readonly records: readonly DecisionRecord[]
  /** The bridge that was started last. */
  readonly bridge: RunningBridge
  readonly policyFolder: string
  writePolicy(name: string, text: string): Promise<void>
  /** Beside `bridge.yaml`, for its owner alone. @returns the path. */
  writeFile(name: string, text: string): Promise<string>
  removeFile(name: string): Promise<void>
  /** The token issuers of `bridge.yaml`, for an overlay that adds one. */
  issuers(): readonly unknown[]
  bridgeYaml(overlay?: Overlay): string
  /** @returns what stands in the way. */
  tryBridge(overlay?: Overlay): Promise<readonly Diagnostic[] | RunningBridge>
  startBridge(overlay?: Overlay): Promise<RunningBridge>
  /** Stops all bridges of this rig. */
  stopBridges(): Promise<void>
  /** Ends them, starts one with this laid over, hands back what ends that and starts the usual one again. */
  withOverlay<T>(overlay: Overlay, use: () => Promise<T>): Promise<T>
  token(serviceAccount?: string, ttlSeconds?: number): Promise<string>
  /** Logs in with a stock client. */
  logIn(token: string, more?: ConnectionOptions): Promise<NatsConnection>
  /** @returns the records made from now on: at least `count`, and all that are made until `act` is done. */
  decisionsOf(act: () => Promise<unknown>, count?: number): Promise<readonly DecisionRecord[]>
  /** The one record that `act` leads to. */
  decisionOf(act: () => Promise<unknown>): Promise<DecisionRecord>
  /** A fresh login goes through: whatever came before, the bridge is well. */
  expectGoodLogin(): Promise<void>
  admin(path: string): Promise<{ readonly status: number; readonly text: string }>
  stop(): Promise<void>
}

export const POLICY = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: lab}
spec:
  accounts:
    - {account: SHOP, principals: [{namespace: shop}, {group: staff}]}
    - {account: OPS, principals: [{namespace: ops}]}
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata:
  name: shop
  namespace: shop
  annotations: {nats-identity-bridge.dev/waive: reach-system}
spec:
  principals: [{namespace: shop}, {group: staff}]
  grants:
    - publish: [shop.in]
    - subscribe: [shop.out]
    - request: [$SYS.REQ.USER.INFO]
`

export async function startRig(name: EnvironmentName, options: RigOptions = {}): Promise<Rig> {
  const { policy = { 'policy.yaml': POLICY }, overlay: usual = {}, issuers = [], ...rest } = options
  const { withBridge = true, withWire = true, ...own } = rest
  const insider = createInsider()
  const env = await startEnvironment(name, {
    ...own,
    amend(text, config) {
      const amended = own.amend?.(text, config) ?? text
      return withWire ? insider.amend(amended, config) : amended
    },
  })
  const cluster = await startTokenIssuer({ issuer: CLUSTER_ISS })
  const people = await startTokenIssuer({ issuer: PEOPLE_ISS })
  const policyFolder = env.file('policy')
  const log = keepLog()
  const records: DecisionRecord[] = []
  const bridges: RunningBridge[] = []
  let configs = 0

  const open = (authenticator: Authenticator): Promise<NatsConnection> => connect(env.connecting(authenticator))

  async function writePolicy(file: string, text: string): Promise<void> {
    await mkdir(policyFolder, { recursive: true })
    await writeFile(join(policyFolder, file), text)
  }

  function bridgeYaml(overlay: Overlay = {}): string {
    const generated: unknown = parse(
      bridgeConfigText({
        bridge: env.bridge,
        natsUrl: env.server.url,
        systemAccount: DEFAULTS.systemAccount,
        trustDomain: TRUST_DOMAIN,
        audience: AUDIENCE,
        issuers: [
          { name: 'cluster', kind: 'kubernetes', issuer: CLUSTER_ISS, keys: { url: cluster.jwksUrl } },
          { name: 'people', kind: 'oidc', issuer: PEOPLE_ISS, keys: { url: people.jwksUrl }, groupsClaim: 'groups' },
        ],
        policy: { folders: [policyFolder] },
        admin: '127.0.0.1:0',
      }),
    )
    const laid = lay(lay(generated, usual), overlay)
    return stringify(lay(laid, { identity: { issuers: [...issuersIn(laid), ...issuers] } }))
  }

  async function tryBridge(overlay: Overlay = {}): Promise<readonly Diagnostic[] | RunningBridge> {
    const file = env.file(`bridge-${(configs += 1)}.yaml`)
    await writeFile(file, bridgeYaml(overlay))
    const loaded = await loadConfig(file)
    if (!loaded.ok) return loaded.error
    const started = await startBridge(loaded.value.config, {
      version: '0.0.0-test',
      log,
      onDecision: (record) => void records.push(record),
    })
    if (!started.ok) return started.error
    bridges.push(started.value)
    return started.value
  }

  async function start(overlay: Overlay = {}): Promise<RunningBridge> {
    const bridge = await tryBridge(overlay)
    if (!('whenReady' in bridge)) throw new Error(bridge.map(({ message }) => message).join('\n'))
    await eventually(() => bridge.readiness().ready || undefined, LIMIT_MS, 'readiness of the bridge')
    return bridge
  }

  async function stopBridges(): Promise<void> {
    await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()))
  }

  async function decisionsOf(act: () => Promise<unknown>, count = 1): Promise<readonly DecisionRecord[]> {
    const from = records.length
    await act()
    await eventually(() => records.length >= from + count || undefined, LIMIT_MS, `${count} decision records`)
    return records.slice(from)
  }

  const token = (serviceAccount = 'shop/orders', ttlSeconds = 600): Promise<string> => {
    const [namespace = '', account = ''] = serviceAccount.split('/')
    return cluster.serviceAccountToken({ namespace, name: account, audience: AUDIENCE, ttlSeconds })
  }
  const logIn = (credential: string, more: ConnectionOptions = {}): Promise<NatsConnection> =>
    connect(env.asClient(credential, { timeout: LIMIT_MS, ...more }))

  for (const [file, text] of Object.entries(policy)) await writePolicy(file, text)
  const wire = withWire ? await watchWire(await open(insider.inside()), await open(insider.outside())) : undefined
  const rig: Rig = {
    env,
    cluster,
    people,
    get wire() {
      if (wire === undefined) throw new Error('nobody watches the wire')
      return wire
    },
    log,
    records,
    get bridge() {
      const bridge = bridges.at(-1)
      if (bridge === undefined) throw new Error('no bridge is running')
      return bridge
    },
    policyFolder,
    writePolicy,
    async writeFile(file, text) {
      await writeFile(env.file(file), text, { mode: 0o600 })
      return env.file(file)
    },
    removeFile: (file) => rm(env.file(file)),
    issuers: () => issuersIn(parse(bridgeYaml())),
    bridgeYaml,
    tryBridge,
    startBridge: start,
    stopBridges,
    async withOverlay(overlay, use) {
      await stopBridges()
      await start(overlay)
      try {
        return await use()
      } finally {
        await stopBridges()
        await start()
      }
    },
    token,
    logIn,
    decisionsOf,
    async decisionOf(act) {
      const made = await decisionsOf(act)
      const [record] = made
      if (record === undefined || made.length > 1) throw new Error(`expected one record, got ${JSON.stringify(made)}`)
      return record
    },
    async expectGoodLogin() {
      const from = records.length
      const credential = await token()
      const client = await logIn(credential).catch((problem: Error) => {
        const codes = records.slice(from).map(({ code, durationMs }) => `${code} after ${durationMs} ms`)
        throw new Error(`${problem.message}; decided meanwhile: ${codes.join(', ') || 'nothing'}`, { cause: problem })
      })
      await client.flush()
      await client.close()
    },
    async admin(path) {
      const response = await fetch(`http://127.0.0.1:${rig.bridge.adminPort}${path}`)
      return { status: response.status, text: await response.text() }
    },
    async stop() {
      await stopBridges()
      await wire?.stop()
      await Promise.all([cluster.stop(), people.stop()])
      await env.stop()
    },
  }
  if (withBridge) await start()
  return rig
}

function issuersIn(document: unknown): readonly unknown[] {
  const identity = isJsonObject(document) ? document['identity'] : undefined
  const issuers = isJsonObject(identity) ? identity['issuers'] : undefined
  return Array.isArray(issuers) ? issuers : []
}

function lay(under: unknown, over: unknown): unknown {
  if (!isJsonObject(under) || !isJsonObject(over)) return over
  const both = new Map<string, unknown>(Object.entries(under))
  for (const [field, value] of Object.entries(over)) {
    if (value === undefined) both.delete(field)
    else both.set(field, both.has(field) ? lay(both.get(field), value) : value)
  }
  return Object.fromEntries(both)
}
