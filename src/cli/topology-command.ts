/**
 * `nib topology`: what is known of one account's streams, imports and exports, written as the file that `nib who-can --topology` reads.
 * Reads only. Refuses to write what it could not find out in full.
 */
import type { NatsConnection } from 'nats'
import type { Problem } from '../answers/problem.ts'
import { parseTopology, type TopologyText } from '../audit/topology.ts'
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { bordersInJwt } from '../wire/account-borders.ts'
import { collectBorders, collectStreams, type Ask } from '../wire/collect-topology.ts'
import { failed, open } from './ask-nats.ts'
import type { Output } from './output.ts'
import { readRemoteFiles } from './remote-files.ts'
import type { RemoteOptions } from './remote-options.ts'

export interface TopologyArguments extends RemoteOptions {
  readonly nats: string
  /** `NAME`, or `NAME=KEY` where the server calls it by its public key. */
  readonly account: string
  /** Credentials of a user of the system account. */
  readonly systemCreds?: string
  readonly systemUser?: string
  readonly systemPasswordFile?: string
  /** File with the JWT of the account, in place of a user of the system account. */
  readonly accountJwt?: string
  /** Names of other accounts: `NAME=KEY`. */
  readonly name?: readonly string[]
  /** A topology whose other accounts are kept. */
  readonly into?: string
}

const ANSWER_MS = 10_000
const MAX_BYTES = 64 * 1024 * 1024

type AccountText = TopologyText['accounts'][string]

/** @returns 0 when the topology was written to standard output, 1 when it could not be found out. */
export async function topologyCommand(options: TopologyArguments, output: Output): Promise<number> {
  const [name = '', key = name] = options.account.split('=')
  const kept = await keptFrom(options.into)
  const account = kept.ok ? await collect(options, name, key) : kept
  if (!kept.ok || !account.ok) {
    const { message, hint } = kept.ok ? (account.ok ? unreadable('') : account.error) : kept.error
    output.error(message, hint)
    return 1
  }
  const topology: TopologyText = { accounts: { ...kept.value.accounts, [name]: account.value } }
  const readable = parseTopology(topology)
  if (!readable.ok) {
    output.error(`account ${name} has what no policy can speak of: ${readable.error}`)
    return 1
  }
  output.json(topology)
  return 0
}

async function collect(options: TopologyArguments, name: string, key: string): Promise<Result<AccountText, Problem>> {
  const streams = await withServer(options, (ask) => collectStreams(ask))
  if (!streams.ok) return streams
  const pairs = [`${name}=${key}`, ...(options.name ?? [])].map((text): [key: string, name: string] => {
    const [own = '', ...rest] = text.split('=')
    return [rest.join('='), own]
  })
  const borders = await bordersOf(options, key, new Map(pairs))
  return borders.ok ? ok({ ...streams.value, ...borders.value }) : borders
}

/** Nothing where nothing says what they are. */
async function bordersOf(
  options: TopologyArguments,
  key: string,
  names: ReadonlyMap<string, string>,
): Promise<Result<AccountText, Problem>> {
  const { systemCreds, systemUser, systemPasswordFile, accountJwt, nats, cert, key: tlsKey, ca } = options
  if (accountJwt !== undefined) {
    const read = await readText(accountJwt, MAX_BYTES)
    const borders = read.ok ? bordersInJwt(read.value.text, names) : read
    if (borders.ok) return borders
    const hint = 'name the file with the JWT that the account was pushed with'
    return err({ code: 'topology-unknown', message: `--account-jwt ${accountJwt}: ${borders.error}`, hint })
  }
  if (systemCreds === undefined && systemUser === undefined) return ok({})
  const system = { creds: systemCreds, user: systemUser, passwordFile: systemPasswordFile, cert, key: tlsKey, ca }
  const given = Object.fromEntries(Object.entries(system).filter(([, value]) => value !== undefined))
  return withServer({ ...given, nats }, (ask) => collectBorders(ask, key, names))
}

async function withServer<T>(
  options: RemoteOptions & { readonly nats: string },
  collect: (ask: Ask) => Promise<Result<T, string>>,
): Promise<Result<T, Problem>> {
  const files = await readRemoteFiles(options)
  if (!files.ok) return files
  const opened = await open(options.nats, options, files.value)
  if (!opened.ok) return opened
  const connection: NatsConnection = opened.value
  let asked = ''
  try {
    const collected = await collect(async (subject, body) => {
      asked = subject
      return (await connection.request(subject, body, { timeout: ANSWER_MS })).string()
    })
    return collected.ok ? collected : err(unreadable(collected.error))
  } catch (error) {
    const { message } = failed(asked, error)
    const hint = 'these credentials must be allowed to request it; docs/roundabout-ways.md lists what is asked'
    return err({ code: 'topology-unknown', message, hint })
  } finally {
    await connection.close()
  }
}

function unreadable(message: string): Problem {
  return {
    code: 'topology-unknown',
    message,
    hint: 'is this the JetStream of the account, and are all of its servers there?',
  }
}

async function keptFrom(file: string | undefined): Promise<Result<TopologyText, Problem>> {
  if (file === undefined) return ok({ accounts: {} })
  const refused = (reason: string): Result<TopologyText, Problem> => {
    return err({
      code: 'topology-refused',
      message: `${file} ${reason}`,
      hint: 'docs/roundabout-ways.md says what it holds',
    })
  }
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return refused(read.error)
  try {
    const value: TopologyText = JSON.parse(read.value.text)
    const parsed = parseTopology(value)
    return parsed.ok ? ok(value) : refused(`is no topology: ${parsed.error}`)
  } catch {
    return refused('is not JSON')
  }
}
