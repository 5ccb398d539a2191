/** Asks a running bridge over NATS, as any client of its micro service would; every failure is said with the next step. */
import {
  connect,
  ErrorCode,
  nkeyAuthenticator,
  NatsError,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type ConnectionOptions,
  type NatsConnection,
} from 'nats'
import type { Answer } from '../answers/answer.ts'
import type { Problem } from '../answers/problem.ts'
import type { QuestionText } from '../answers/question.ts'
import { credsLogin } from '../keys/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { natsTls } from '../wire/nats-tls.ts'
import { readReply } from './read-reply.ts'
import { readRemoteFiles, type RemoteFiles } from './remote-files.ts'
import type { RemoteOptions } from './remote-options.ts'

const CONNECT_MS = 10_000
/** The bridge gives an answer up after half of it. */
const ANSWER_MS = 60_000
const PREFIX = 'nib.audit'

export async function askNats(
  url: string,
  options: RemoteOptions,
  question: QuestionText,
): Promise<Result<Answer, Problem>> {
  const files = await readRemoteFiles(options)
  if (!files.ok) return files
  const opened = await open(url, options, files.value)
  if (!opened.ok) return opened
  try {
    return await request(opened.value, question, options.natsPrefix ?? PREFIX)
  } finally {
    await opened.value.close()
  }
}

export async function open(
  url: string,
  options: RemoteOptions,
  files: RemoteFiles,
): Promise<Result<NatsConnection, Problem>> {
  const { inboxPrefix } = options
  const { cert, key, ca } = files
  const authenticator = authenticatorOf(options, files)
  const given = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  }
  const tls = natsTls([url], Object.keys(given).length === 0 ? undefined : given)
  const settings: ConnectionOptions = {
    servers: url,
    name: 'nib',
    reconnect: false,
    timeout: CONNECT_MS,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  }
  try {
    return ok(await connect(settings))
  } catch (error) {
    return err(failed(`NATS at ${shown(url)}`, error))
  }
}

function authenticatorOf({ user }: RemoteOptions, files: RemoteFiles): Authenticator | undefined {
  const { token, creds, nkey, password = '' } = files
  if (creds !== undefined) return credsLogin(() => creds)
  if (nkey !== undefined) return nkeyAuthenticator(Buffer.from(nkey))
  if (user !== undefined) return usernamePasswordAuthenticator(user, password)
  return token === undefined ? undefined : tokenAuthenticator(token)
}

async function request(
  nc: NatsConnection,
  { ask, body }: QuestionText,
  prefix: string,
): Promise<Result<Answer, Problem>> {
  const subject = `${prefix}.${ask}`
  try {
    const message = await nc.request(subject, JSON.stringify(body), { timeout: ANSWER_MS })
    const isAnswer = message.headers?.has('Nats-Service-Error-Code') !== true
    return readReply(message.string(), isAnswer, ask) ?? err(notABridge(subject))
  } catch (error) {
    return err(failed(subject, error))
  }
}

function notABridge(subject: string): Problem {
  const message = `whoever answered ${subject} is no bridge`
  return { code: 'not-a-bridge', message, hint: 'name the beginning of its subjects: --nats-prefix' }
}

/** By error code of the client library: what it means here, and what to do. */
const CAUSES = new Map<string, readonly [string, string]>([
  [ErrorCode.ConnectionRefused, ['nobody listens there', 'is this the client port of a nats-server?']],
  [ErrorCode.ConnectionTimeout, ['no word from the server in time', 'is this the client port of a nats-server?']],
  [ErrorCode.Timeout, ['no answer in time', 'ask something narrower, or over HTTP: --bridge']],
  [
    ErrorCode.NoResponders,
    [
      'nobody answers there',
      'has bridge.yaml questions.nats, in this account, and is --nats-prefix its subjectPrefix?',
    ],
  ],
  [
    ErrorCode.AuthorizationViolation,
    ['the server does not let you in', 'log in with --creds, --nkey, --user and --password-file, or --auth-token-file'],
  ],
  [
    ErrorCode.PermissionsViolation,
    [
      'you may not publish there, or not hear the answer',
      'grant request: [nib.audit.>]; with a private inbox give --inbox-prefix',
    ],
  ],
  [ErrorCode.BadCreds, ['the file of --creds holds no credentials', 'use the creds file as it was made']],
])

export function failed(what: string, error: unknown): Problem {
  const code = error instanceof NatsError ? error.code : 'unknown'
  const said = error instanceof Error ? error.message : 'unknown'
  const [cause, hint] = CAUSES.get(code) ?? [said, undefined]
  return { code: 'nats-failed', message: `${what}: ${cause}`, ...(hint === undefined ? {} : { hint }) }
}

/** Without a login that somebody wrote into it. */
function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
