/**
 * `nib server-config`: writes a least-privilege nats-server configuration, its keys and a matching `bridge.yaml` into a new folder.
 * Never overwrites a file; secrets are readable by their owner alone, and none is printed.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bridgeConfigText } from '../dev/bridge-config.ts'
import { table } from '../lib/table.ts'
import { createServerConfig, DEFAULTS, freshKeys, type Listeners, type ServerConfig } from '../server-config/index.ts'
import type { Output } from './output.ts'

export interface ServerConfigOptions {
  readonly mode: 'config' | 'operator'
  readonly out: string
  readonly account: readonly string[]
  readonly plain?: true
  readonly serverVersion: string
  readonly listen: string
  readonly websocket?: string
  readonly mqtt?: string
  readonly jetstream?: string
  readonly questions?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly json?: true
}

interface PlannedFile {
  readonly name: string
  readonly content: string
  readonly secret: boolean
  readonly holder: string
  readonly purpose: string
}

export async function serverConfigCommand(options: ServerConfigOptions, output: Output): Promise<number> {
  const listeners = listenersOf(options)
  if (typeof listeners === 'string')
    return refuse(output, listeners, 'a name or an address, and a port up to 65535: 127.0.0.1:4222')
  if (options.account.length === 0)
    return refuse(output, 'no account is named that clients live in', 'for example --account SHOP')
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    return refuse(output, '--tls-cert and --tls-key go together')
  }
  if (options.tlsCa !== undefined && options.tlsCert === undefined) {
    return refuse(output, '--tls-ca is for the certificate of --tls-cert, which is missing')
  }
  const { tlsCert: certFile, tlsKey: keyFile, jetstream, questions } = options
  const made = createServerConfig(
    {
      mode: options.mode,
      accounts: options.account,
      sealed: options.plain !== true,
      serverVersion: options.serverVersion,
      listeners,
      ...(certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } }),
      ...(jetstream === undefined ? {} : { jetstream: { storeDir: jetstream } }),
      ...(questions === undefined ? {} : { questions }),
    },
    freshKeys,
    { now: () => Date.now() },
  )
  if (!made.ok) {
    output.diagnostics(made.error)
    return 2
  }
  const files = plan(made.value, options)
  const written = await writeAll(options.out, files)
  if (written !== undefined) {
    output.error(...written)
    return 1
  }
  report(made.value, files, options, output)
  return 0
}

function plan(config: ServerConfig, { listen, tlsCert, tlsCa }: ServerConfigOptions): readonly PlannedFile[] {
  const bridgeYaml = bridgeConfigText({
    bridge: config.bridge,
    natsUrl: `${tlsCert === undefined ? 'nats' : 'tls'}://${listen}`,
    ...(tlsCa === undefined ? {} : { natsCaFile: resolve(tlsCa) }),
    systemAccount: DEFAULTS.systemAccount,
    trustDomain: 'cluster.local',
    audience: 'nats',
    issuers: [
      {
        name: 'cluster',
        kind: 'kubernetes',
        issuer: 'https://kubernetes.default.svc.cluster.local',
        keys: { discovery: true },
      },
    ],
    policy: { folders: ['./policy'] },
    admin: '127.0.0.1:9222',
  })
  return [
    { name: 'nats-server.conf', content: config.text, secret: false, holder: 'nats-server', purpose: 'nats-server -c' },
    {
      name: 'bridge.yaml',
      content: bridgeYaml,
      secret: false,
      holder: 'bridge',
      purpose: 'nib serve -c; edit the issuers',
    },
    ...config.files,
  ]
}

/** @returns why not all was written, and what to do. */
async function writeAll(folder: string, files: readonly PlannedFile[]): Promise<[string, string] | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch {
    return [`the folder ${folder} cannot be made`, 'name one that is no file, in a folder that may be written to']
  }
  for (const { name, content, secret } of files) {
    const path = join(folder, name)
    try {
      await writeFile(path, content, { flag: 'wx', mode: secret ? 0o600 : 0o644 })
    } catch (problem) {
      const exists = problem instanceof Error && 'code' in problem && problem.code === 'EEXIST'
      if (exists) return [`${path} exists already`, 'nothing is ever overwritten: choose a new folder']
      return [`${path} cannot be written`, 'choose a folder that may be written to']
    }
  }
  return undefined
}

function report(
  config: ServerConfig,
  files: readonly PlannedFile[],
  options: ServerConfigOptions,
  output: Output,
): void {
  output.diagnostics(config.notices)
  if (options.json) {
    output.json({
      folder: options.out,
      files: files.map(({ name, secret, holder, purpose }) => ({ name, secret, holder, purpose })),
    })
    return
  }
  output.line(`wrote ${files.length} files to ${options.out}`)
  output.line()
  const rows = files.map(({ name, holder, secret, purpose }) => [name, holder, secret ? 'secret' : '', purpose])
  for (const line of table(['file', 'for', '', 'purpose'], rows)) output.line(line)
  output.line()
  output.line(`next: nats-server -c ${join(options.out, 'nats-server.conf')}`)
  output.line(
    `      edit the issuers in ${join(options.out, 'bridge.yaml')}, put policies into ${join(options.out, 'policy')}`,
  )
  if (options.tlsCert !== undefined) output.line('      name the server there as its certificate does: nats.servers')
  output.line(`      nib serve -c ${join(options.out, 'bridge.yaml')}`)
}

function listenersOf({ listen, websocket, mqtt }: ServerConfigOptions): Listeners | string {
  const listeners: { client?: Address; websocket?: Address; mqtt?: Address } = {}
  for (const [name, text] of [
    ['client', listen],
    ['websocket', websocket],
    ['mqtt', mqtt],
  ] as const) {
    if (text === undefined) continue
    const address = parseAddress(text)
    if (address === undefined) return `"${text}" is not written as host:port`
    listeners[name] = address
  }
  return listeners
}

interface Address {
  readonly host: string
  readonly port: number
}

function parseAddress(text: string): Address | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return match?.[1] === undefined || port > 65_535 ? undefined : { host: match[1], port }
}

function refuse(output: Output, message: string, hint?: string): number {
  output.error(message, hint)
  return 2
}
