/**
 * Puts the bridge together from its configuration and runs it: keys, policy, identities, callout, NATS, the operator's door.
 * Refuses to start with any key missing or unfit; a missing policy or unreachable NATS only keeps it from being ready.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PolicySources } from '../answers/answering.ts'
import type { DecisionRecord } from '../audit/record.ts'
import { AUTHN_SYSTEM, createAuthenticator, issuerProblems, type Authenticator } from '../authn/index.ts'
import { createAuthorize, type AuthorizePorts, type AuthorizeSettings } from '../callout/authorize.ts'
import { createDecisionIds } from '../callout/decision-id.ts'
import { createCalloutService, type CalloutService } from '../callout/service.ts'
import { createStepwiseCompiler } from '../compile/index.ts'
import type { Config } from '../config/index.ts'
import { workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { openKeyring, openServiceLogin, type Keyring, type ServiceLogin } from '../keys/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createDecide, type Decide } from '../policy/decide.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import type { PolicySource } from '../sources/index.ts'
import type { Log } from '../telemetry/logger.ts'
import { createMetrics, type Gauges, type Metrics } from '../telemetry/metrics.ts'
import { createEnvelopeOpener, type Envelope, type OpenEnvelope } from '../wire/envelope.ts'
import { createPatience } from '../wire/patience.ts'
import { createServerClocks, type ServerClocks } from '../wire/server-clock.ts'
import type { ServiceConnections } from '../wire/service-connections.ts'
import { tlsFileProblems } from '../wire/tls-files.ts'
import { keepSources, type SourceKeeper } from './kept-sources.ts'
import { openCalloutConnections } from './open-callout-connections.ts'
import {
  openAdmin,
  openQuestionFiles,
  openQuestionMicroService,
  openQuestions,
  type QuestionFiles,
  type QuestionsSetup,
} from './open-questions.ts'
import { openForService } from './open-request.ts'
import { openPolicy, policyState, policyGauges } from './open-policy.ts'
import { createMismatch } from './mismatch.ts'
import { createReadiness, issuerState, type Readiness } from './readiness.ts'
import { createSelfTest } from './self-test.ts'
import { createServerRemarks } from './server-remarks.ts'
import { sha256Hex, sha256InPieces } from './sha256.ts'
import { issuerDiagnostic } from './start-problems.ts'
import { createUnansweredRemarks } from './unanswered.ts'

export interface BridgeOptions {
  readonly version: string
  readonly log: Log
  /** Sees every decision after it was logged and counted. */
  readonly onDecision?: (record: DecisionRecord) => void
}

export interface RunningBridge {
  /** Fulfilled once {@link Readiness.ready} holds for the first time, or the bridge stops before. */
  readonly whenReady: Promise<void>
  readonly adminPort: number | undefined
  readiness(): Readiness
  currentSnapshot(): Snapshot | undefined
  /** Leaves the queue group, answers what was taken, then closes. */
  stop(): Promise<void>
}

const MAX_SERVERS = 1024
const READY_POLL_MS = 20

/** @returns the running bridge, or everything that keeps it from starting. */
export async function startBridge(
  config: Config,
  options: BridgeOptions,
): Promise<Result<RunningBridge, readonly Diagnostic[]>> {
  const report = (diagnostic: Diagnostic): void => logDiagnostic(options.log, diagnostic)
  const unusable = issuerProblems(config.issuers).map(issuerDiagnostic)
  if (unusable.length > 0) return err(unusable)
  const unfit = await natsTlsProblems(config)
  if (unfit.length > 0) return err(unfit)
  const keyring = await openKeyring(config.keys, { now, log: report })
  if (!keyring.ok) return keyring
  const calloutAccount = config.keys.mode === 'operator' ? config.keys.callout.publicKey : undefined
  const login = await openServiceLogin(config.nats.credentials, { now, log: report }, undefined, calloutAccount)
  if (!login.ok) {
    keyring.value.close()
    return login
  }
  const files = await openQuestionFiles(config, now, report)
  if (!files.ok) {
    keyring.value.close()
    login.value.close()
    return files
  }
  const { trustDomains, forbiddenAccounts, accounts } = config
  const { rootNamespace } = config.policy
  const hashes = { hash: sha256Hex, hashing: sha256InPieces }
  const keeper = keepSources(
    createStepwiseCompiler({ trustDomains, rootNamespace, forbiddenAccounts, accounts, ...hashes }),
  )
  const decide = createDecide(sha256Hex)
  const policy = await openPolicy(config, { compile: keeper.compile, prepare: decide.prepare, log: report, now })
  const metrics = createMetrics(options.version)
  const authenticator = createAuthenticator(config.issuers, {
    ...AUTHN_SYSTEM,
    clock: { now },
    log: options.log.logger.child({ room: 'authn' }),
    observe: metrics,
  })
  // Not awaited: logins wait for keys by themselves, and readiness says which issuer has none.
  void authenticator.start()
  const opened = { keys: keyring.value, login: login.value, files: files.value }
  return run({ config, options, ...opened, keeper, policy, decide, authenticator, metrics })
}

interface Parts {
  readonly config: Config
  readonly options: BridgeOptions
  readonly keys: Keyring
  readonly login: ServiceLogin
  readonly files: QuestionFiles
  readonly keeper: SourceKeeper
  readonly policy: PolicySource
  readonly decide: Decide
  readonly authenticator: Authenticator
  readonly metrics: Metrics
}

async function run(parts: Parts): Promise<Result<RunningBridge, readonly Diagnostic[]>> {
  const { config, options, keys, login, files, policy, decide, authenticator, metrics } = parts
  const clocks = createServerClocks(MAX_SERVERS)
  const open = createEnvelopeOpener({
    boxKeys: keys.boxKeys,
    isOurs: keys.isOurs,
    clocks,
    patience: createPatience(MAX_SERVERS),
  })
  const settings = { clientTypes: config.callout.clientTypes, accounts: config.accounts, sessions: config.sessions }
  const ports = { currentSnapshot: policy.current, decide, chance: Math.random }
  let stopping = false
  const mismatch = createMismatch({ boxKeys: keys.boxKeys, servers: () => connections.servers })
  const service = openService(parts, mismatch.watching(open), settings, ports)
  const connections = openCalloutConnections({ config, log: options.log, login, now }, service, () => stopping)
  metrics.expose(gaugesOf(parts, clocks, service, connections))
  keys.onChange(() => {
    metrics.keysChanged()
    mismatch.forget()
  })
  const setup = questionsSetup(parts)
  const answers = openQuestions(setup)
  const microService = openQuestionMicroService(setup, answers, files)
  const readiness = createReadiness({
    now,
    selfTest: createSelfTest({
      open,
      boxKeys: keys.boxKeys,
      settings,
      ports,
      keys,
      addressee: () => addresseeOf(parts),
      probe: probeIn(config),
    }),
    connections: () => connections,
    // In operator mode other accounts may have a callout of their own, and the same server signs for all of them.
    ...(config.keys.mode === 'config' ? { mismatch: mismatch.proven } : {}),
    policy: () => policyState(policy, now()),
    issuers: () => authenticator.status(now()).map(issuerState),
    ...(microService === undefined ? {} : { questions: () => microService.ready }),
    stopping: () => stopping,
  })
  const admin = await openAdmin(setup, answers, files, { readiness, metrics })
  const stop = async (): Promise<void> => {
    stopping = true
    await Promise.all([connections.stopReceiving(), microService?.stop()])
    await Promise.race([service.idle(), sleep(config.callout.deadlineMs, undefined, { ref: false })])
    await connections.close()
    authenticator.stop()
    policy.close()
    login.close()
    keys.close()
    if (admin.ok) await admin.value.close()
    await answers.questions.close()
    files.close()
    options.log.flush()
  }
  if (!admin.ok) {
    // Nobody could see whether such a bridge is well, nor tell it to go.
    await stop()
    return err([admin.error])
  }
  return ok({
    whenReady: untilReady(readiness, () => stopping),
    adminPort: admin.value.port,
    readiness,
    currentSnapshot: policy.current,
    stop,
  })
}

function questionsSetup({ config, options, metrics, authenticator, policy, keeper, files }: Parts): QuestionsSetup {
  const sources = (): PolicySources | undefined => {
    const snapshot = policy.current()
    return snapshot && keeper.sourcesOf(snapshot, files.topology?.current())
  }
  const { log, version } = options
  return { config, log, version, metrics, authenticate: authenticator.authenticate, sources, now }
}

function openService(
  { config, options, keys, authenticator, metrics }: Parts,
  open: OpenEnvelope,
  settings: AuthorizeSettings,
  ports: Omit<AuthorizePorts, 'authenticate'>,
): CalloutService<Envelope> {
  const remark = createUnansweredRemarks(options.log, now)
  const meet = createServerRemarks(options.log)
  return createCalloutService<Envelope>({
    deadlineMs: config.callout.deadlineMs,
    maxPending: config.callout.maxPending,
    now,
    defer: (callback, milliseconds) =>
      void (milliseconds === 0 ? setImmediate(callback) : setTimeout(callback, milliseconds)),
    nextDecisionId: createDecisionIds(randomBytes(4).toString('hex')),
    open: (envelope, at) => openForService(open, meet, envelope, at),
    authorize: createAuthorize(settings, { ...ports, authenticate: authenticator.authenticate }),
    keys,
    record(record) {
      if (config.audit.stdout) options.log.decided(record)
      metrics.decided(record)
      if (!record.answered) remark(record)
      options.onDecision?.(record)
    },
    failed: (decisionId, cause) =>
      options.log.logger.error({ decisionId, err: cause }, 'a login failed inside the bridge'),
  })
}

function gaugesOf(
  { options, policy, authenticator }: Parts,
  clocks: ServerClocks,
  service: CalloutService<Envelope>,
  connections: ServiceConnections,
): Gauges {
  return {
    pending: () => service.pending,
    connectionsReady: () => connections.ready,
    connectionsConfigured: () => connections.count,
    clockSkew: () => clocks.latestSkew() / 1000,
    logLinesLost: () => options.log.lost(),
    ...policyGauges(policy),
    issuerKeys: () => authenticator.status(now()).map(({ name, keys }) => ({ issuer: name, ...keys })),
  }
}

function addresseeOf({ config, keys }: Parts): string | undefined {
  if (config.keys.mode === 'operator') return config.keys.callout.publicKey
  return keys.status().keys.find(({ part }) => part === 'callout issuer')?.publicKey
}

/** A workload that no policy needs to know: a refusal by policy is a whole decision too. */
function probeIn({ trustDomains }: Config): Principal {
  const id = parseSpiffeId(`spiffe://${trustDomains.local}/ns/nats-identity-bridge/sa/self-test`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

async function natsTlsProblems({ nats, questions }: Config): Promise<readonly Diagnostic[]> {
  const asked = [
    tlsFileProblems(nats.tls ?? {}, 'nats.tls'),
    tlsFileProblems(questions.nats?.tls ?? {}, 'questions.nats.tls'),
  ]
  return (await Promise.all(asked)).flat()
}

function logDiagnostic({ logger }: Log, { severity, message, ...fields }: Diagnostic): void {
  const level = severity === 'warning' ? 'warn' : severity
  logger[level](fields, message)
}

async function untilReady(readiness: () => Readiness, isStopping: () => boolean): Promise<void> {
  while (!isStopping() && !readiness().ready) await sleep(READY_POLL_MS, undefined, { ref: false })
}

function now(): number {
  return Date.now()
}
