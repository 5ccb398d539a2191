/**
 * The real nats-server under test: four environments, each with a generated configuration and everything that a bridge needs to fit it.
 * Without a nats-server the suites are skipped, with one line that says how to get one; NIB_REQUIRE_PARTS=1 makes that a failure.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import {
  credsAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type ConnectionOptions,
} from 'nats'
import {
  findNatsServer,
  NatsServerUnavailable,
  PINNED_VERSION,
  runNatsServer,
  type NatsServerBinary,
  type RunningNatsServer,
} from '../../src/dev/nats-server/index.ts'
import type { KeyringSettings, SeedFile, ServiceCredentials } from '../../src/keys/index.ts'
import {
  createServerConfig,
  freshKeys,
  type AccountOfOperator,
  type BridgeSide,
  type KeyInFile,
  type Listener,
  type Listeners,
  type OwnLogin,
  type ServerConfig,
  type ServerConfigSetup,
  type ServerMode,
  type WebSocketListener,
} from '../../src/server-config/index.ts'

export const environments = ['config', 'config+xkey', 'operator', 'operator+xkey'] as const

export type EnvironmentName = (typeof environments)[number]

type PassedOn =
  'accounts' | 'authorizationTimeout' | 'maxControlLine' | 'replies' | 'trustedProxies' | 'delegatedAccounts' | 'tls'

export interface EnvironmentOptions extends Partial<Pick<ServerConfigSetup, PassedOn | 'breakGlass' | 'questions'>> {
  /** Exactly this nats-server. Without it: what NIB_NATS_SERVER names, else the pinned one. */
  readonly version?: string
  readonly websocket?: boolean | Pick<WebSocketListener, 'tokenCookie' | 'origins'>
  readonly mqtt?: boolean
  readonly leafnodes?: boolean
  readonly monitor?: boolean
  readonly jetstream?: boolean
  /** Config mode: how the bridge logs in. Default nkey. */
  readonly bridgeLogin?: 'nkey' | 'password'
  /** Of every connection that is made with the options below. */
  readonly clientTls?: ConnectionOptions['tls']
  /** Laid over the generated text before the server reads it. */
  readonly amend?: (text: string, config: ServerConfig) => string
}

export interface TestEnvironment {
  readonly name: EnvironmentName
  readonly mode: ServerMode
  readonly sealed: boolean
  readonly version: string
  readonly config: ServerConfig
  readonly bridge: BridgeSide
  /** The server as it runs now. */
  readonly server: RunningNatsServer
  /** Path of one of the generated files. */
  file(name: string): string
  /** Text of one of the generated files, without the line break at its end: a seed, a JWT, credentials. */
  read(name: string): string
  /** What `openKeyring` wants. */
  readonly keyring: KeyringSettings
  /** What `openServiceLogin` wants. */
  readonly credentials: ServiceCredentials
  /** For `connect` of `nats`, as whoever these prove. */
  connecting(...authenticators: readonly Authenticator[]): ConnectionOptions
  /** For `connect` of `nats`: the bridge; its session control; a client with a token; a break-glass user. Nobody reconnects. */
  asBridge(): ConnectionOptions
  asSessions(): ConnectionOptions
  /** The bridge as it answers questions. */
  asQuestions(): ConnectionOptions
  asClient(token: string, more?: ConnectionOptions): ConnectionOptions
  asBreakGlass(name?: string): ConnectionOptions
  /** One more server, of this configuration with changes, which ends with the environment. */
  startAnother(change: (text: string) => string): Promise<RunningNatsServer>
  /** Ends the server and starts it anew: same keys and client port; same configuration, unless another is given. */
  restart(text?: string): Promise<void>
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const ANY_PORT: Listener = { host: HOST, port: -1 }
const PASSWORD_VARIABLE = 'NIB_BRIDGE_PASSWORD'
const PASSWORD_FILE = 'bridge.password'

const binaries = new Map<string, Promise<NatsServerBinary | undefined>>()

/** For `describe.skipIf`: the binary, or nothing after a line that says how to get it. Never compiles. */
export function natsServerForTests(version?: string): Promise<NatsServerBinary | undefined> {
  const exactly = version ?? (process.env['NIB_NATS_SERVER'] === undefined ? PINNED_VERSION : undefined)
  const key = exactly ?? 'named'
  const known = binaries.get(key) ?? find(exactly)
  binaries.set(key, known)
  return known
}

/** A suite on a nats-server of any version. */
export const describeOnNatsServer = describe.skipIf((await natsServerForTests()) === undefined)

async function find(version: string | undefined): Promise<NatsServerBinary | undefined> {
  try {
    return await findNatsServer({ compile: false, ...(version === undefined ? {} : { version }) })
  } catch (problem) {
    if (!(problem instanceof NatsServerUnavailable) || process.env['NIB_REQUIRE_PARTS'] === '1') throw problem
    process.stderr.write(`skipped, there is no nats-server ${version ?? PINNED_VERSION}: ${problem.hint}\n`)
    return undefined
  }
}

export async function startEnvironment(
  name: EnvironmentName,
  options: EnvironmentOptions = {},
): Promise<TestEnvironment> {
  const binary = await natsServerForTests(options.version)
  if (binary === undefined) throw new Error('no nats-server: skip with natsServerForTests')
  const folder = await mkdtemp(join(tmpdir(), 'nib-environment-'))
  const file = (fileName: string): string => join(folder, fileName)
  const read = (fileName: string): string => readFileSync(file(fileName), 'utf8').replace(/\n$/, '')
  try {
    const config = await writeConfig(setupOf(name, options, binary.version, folder), folder)
    const { bridge } = config
    const env = { [PASSWORD_VARIABLE]: `p${randomBytes(16).toString('hex')}` }
    await writeFile(file(PASSWORD_FILE), env[PASSWORD_VARIABLE], { mode: 0o600 })
    const amended = options.amend?.(config.text, config) ?? config.text
    const run = (text: string): Promise<RunningNatsServer> =>
      runNatsServer({ binary: binary.path, config: { text }, env })
    let server = await run(amended)
    const others: RunningNatsServer[] = []

    function optionsWith(...authenticators: readonly Authenticator[]): ConnectionOptions {
      const { clientTls: tls } = options
      return {
        servers: server.url,
        reconnect: false,
        authenticator: [...authenticators],
        ...(tls === undefined ? {} : { tls }),
      }
    }
    function as(login: OwnLogin): ConnectionOptions {
      if (login.kind === 'password') return optionsWith(usernamePasswordAuthenticator(login.user, read(PASSWORD_FILE)))
      const { kind, file: secret = '' } = login
      // Credentials without the line break at their end are none to nats.js.
      return optionsWith(
        kind === 'nkey' ? nkeyAuthenticator(Buffer.from(read(secret))) : credsAuthenticator(readFileSync(file(secret))),
      )
    }

    return {
      name,
      mode: bridge.mode,
      sealed: bridge.xkey !== undefined,
      version: binary.version,
      config,
      bridge,
      get server() {
        return server
      },
      file,
      read,
      keyring: keyringOf(bridge, file),
      credentials: credentialsOf(bridge.login, file),
      connecting: optionsWith,
      asBridge: () => as(bridge.login),
      asSessions() {
        if (bridge.sessions === undefined) throw new Error('this environment has no sessions user')
        return { ...as(bridge.sessions), inboxPrefix: bridge.sessions.inboxPrefix }
      },
      asQuestions() {
        if (bridge.questions === undefined) throw new Error('this environment has no questions user')
        return as(bridge.questions)
      },
      asClient(token, more) {
        const sentinel =
          bridge.mode === 'operator' && !bridge.sentinel.assumedByServer ? [jwtAuthenticator(bridge.sentinel.jwt)] : []
        return { ...optionsWith(tokenAuthenticator(token), ...sentinel), ...more }
      },
      asBreakGlass(user) {
        const found = config.breakGlass.find((one) => user === undefined || one.name === user)
        if (found === undefined) throw new Error(`no break-glass user ${user}`)
        return as(found.login)
      },
      async startAnother(change) {
        const another = await run(change(amended))
        others.push(another)
        return another
      },
      async restart(text = amended) {
        const { port } = server
        await server.stop()
        server = await run(text.replace(`listen: "${HOST}:-1"`, `listen: "${HOST}:${port}"`))
      },
      async stop() {
        await Promise.all([server, ...others].map((one) => one.stop()))
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (problem) {
    await rm(folder, { recursive: true, force: true })
    throw problem
  }
}

function setupOf(
  name: EnvironmentName,
  options: EnvironmentOptions,
  serverVersion: string,
  folder: string,
): ServerConfigSetup {
  const {
    version: _version,
    websocket,
    mqtt,
    leafnodes,
    monitor,
    jetstream,
    bridgeLogin,
    clientTls: _clientTls,
    amend: _amend,
    ...passed
  } = options
  const listeners: Listeners = {
    client: ANY_PORT,
    ...(websocket === undefined || websocket === false ? {} : { websocket: { ...ANY_PORT, ...openTo(websocket) } }),
    ...(mqtt === true ? { mqtt: ANY_PORT } : {}),
    ...(leafnodes === true ? { leafnodes: ANY_PORT } : {}),
    ...(monitor === true ? { monitor: ANY_PORT } : {}),
  }
  return {
    mode: name.startsWith('operator') ? 'operator' : 'config',
    sealed: name.endsWith('+xkey'),
    serverVersion,
    accounts: ['SHOP', 'OPS'],
    sessions: true,
    listeners,
    ...(jetstream === true || mqtt === true ? { jetstream: { storeDir: join(folder, 'jetstream') } } : {}),
    ...(bridgeLogin === 'password' ? { bridgePassword: { variable: PASSWORD_VARIABLE } } : {}),
    ...passed,
  }
}

function openTo(websocket: NonNullable<EnvironmentOptions['websocket']>): Omit<WebSocketListener, keyof Listener> {
  return typeof websocket === 'object' ? websocket : {}
}

async function writeConfig(setup: ServerConfigSetup, folder: string): Promise<ServerConfig> {
  const config = createServerConfig(setup, freshKeys, { now: () => Date.now() })
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'))
  for (const { name, content } of config.value.files) await writeFile(join(folder, name), content, { mode: 0o600 })
  return config.value
}

function keyringOf(bridge: BridgeSide, file: (name: string) => string): KeyringSettings {
  const seed = (key: KeyInFile): SeedFile => ({ seedFile: file(key.file ?? '') })
  const xkey = bridge.xkey === undefined ? [] : [seed(bridge.xkey)]
  if (bridge.mode === 'config') return { mode: 'config', issuer: [seed(bridge.issuer)], xkey }
  const account = ({ publicKey, jwtFile }: AccountOfOperator) => ({ publicKey, jwtFile: file(jwtFile) })
  return {
    mode: 'operator',
    callout: account(bridge.calloutAccount),
    response: [seed(bridge.calloutAccount.signingKey)],
    xkey,
    accounts: bridge.accounts.map((one) => ({ name: one.name, ...account(one), signingKeys: [seed(one.signingKey)] })),
  }
}

function credentialsOf(login: OwnLogin, file: (name: string) => string): ServiceCredentials {
  if (login.kind === 'password') return { user: login.user, passwordFile: file(PASSWORD_FILE) }
  return login.kind === 'creds' ? { credsFile: file(login.file) } : { nkeySeedFile: file(login.file ?? '') }
}
