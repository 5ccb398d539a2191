/**
 * The bridge's own login to NATS, from a file, taken up anew when the file changes: nats.js asks at every (re)connect.
 * Refuses to open without a usable secret; once open, a broken file leaves the last good secret in use.
 */
import { credsAuthenticator, nkeyAuthenticator, usernamePasswordAuthenticator, type Authenticator } from 'nats'
import { readText, watchFiles, type Loaded, type TextFile } from '../files/index.ts'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { parseSigner } from '../nkey/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { keyProblem, type Place } from './key-problem.ts'
import type { KeyringPorts } from './keyring.ts'
import { keptIf } from './last-good.ts'
import { exposureOf } from './seed-file.ts'
import type { ServiceCredentials } from './settings.ts'

export interface ServiceLogin {
  /** Always answers from memory with the newest good secret. */
  readonly authenticator: Authenticator
  close(): void
}

const MAX_BYTES = 65_536
const CREDS = /-----BEGIN NATS USER JWT-----\s+eyJ[\w.-]+\s+[\s\S]*-----BEGIN USER NKEY SEED-----\s+(SU[A-Z2-7]+)\s/

/**
 * @param part field of the configuration, as messages name it.
 * @param account operator mode: `A…` that a creds file must be of; nats-server asks nobody in another one.
 */
export async function openServiceLogin(
  credentials: ServiceCredentials,
  ports: KeyringPorts,
  part = 'nats.credentials',
  account?: string,
): Promise<Result<ServiceLogin, readonly Diagnostic[]>> {
  const file = fileOf(credentials)
  const place: Place = { part, file }
  let problem: Diagnostic | undefined
  let text: string | undefined

  async function reload(): Promise<Loaded> {
    const next = await readSecret(credentials, file, place, account)
    if (!next.ok) {
      if (text !== undefined && next.error.message !== problem?.message) ports.log(keptIf(true, next.error))
      problem = next.error
      return 'retry'
    }
    problem = undefined
    if (text === undefined) for (const warning of exposureOf(next.value.mode, place)) ports.log(warning)
    else if (text !== next.value.text) ports.log(changed(part, file))
    text = next.value.text
    return 'done'
  }

  const watch = watchFiles({ ...ports.watching, paths: [file], load: reload })
  await watch.ready
  if (problem !== undefined) {
    watch.close()
    return err([problem])
  }
  return ok({ authenticator: authenticatorFor(credentials, () => text ?? ''), close: () => watch.close() })
}

function changed(part: string, file: string): Diagnostic {
  return { severity: 'info', code: 'keys-changed', message: `${part} changed; used from the next connect on`, file }
}

function authenticatorFor(credentials: ServiceCredentials, secret: () => string): Authenticator {
  if ('user' in credentials) return usernamePasswordAuthenticator(credentials.user, secret)
  if ('nkeySeedFile' in credentials) return nkeyAuthenticator(() => Buffer.from(secret()))
  return credsLogin(secret)
}

/** @param text of a creds file; nats.js finds the seed only where each mark ends with a bare line feed, the last one too. */
export function credsLogin(text: () => string): Authenticator {
  return credsAuthenticator(() => Buffer.from(`${text().replaceAll('\r\n', '\n')}\n`))
}

function fileOf(credentials: ServiceCredentials): string {
  if ('user' in credentials) return credentials.passwordFile
  return 'credsFile' in credentials ? credentials.credsFile : credentials.nkeySeedFile
}

async function readSecret(
  credentials: ServiceCredentials,
  file: string,
  place: Place,
  account: string | undefined,
): Promise<Result<TextFile, Diagnostic>> {
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return err(keyProblem('key-file-unreadable', `the file of ${place.part} ${read.error}`, place))
  // Editors end files with a line break that is no part of a password.
  const text = 'credsFile' in credentials ? read.value.text : read.value.text.replace(/\r?\n$/, '')
  const problem = problemWith(credentials, text)
  if (problem !== undefined)
    return err(keyProblem('login-file-malformed', `the file of ${place.part} ${problem}`, place))
  const own = account === undefined || !('credsFile' in credentials) ? account : accountOf(text)
  if (own !== account) {
    const message = `the file of ${place.part} is of a user in account ${own ?? 'unknown'}, and callout.account is ${account}: login requests come to that account alone`
    return err(keyProblem('login-other-account', message, place))
  }
  return ok({ text, mode: read.value.mode })
}

const PUBLIC_ACCOUNT_KEY = /^A[A-Z2-7]{55}$/

/** Of the user JWT in a creds file, unverified: a signing key names its account beside it. */
function accountOf(creds: string): string | undefined {
  try {
    const [, claims = ''] = /eyJ[\w-]*\.([\w-]+)/.exec(creds) ?? []
    const { iss, nats }: JsonObject = parseObject(Buffer.from(claims, 'base64url').toString('utf8'))
    const account = (isJsonObject(nats) ? nats['issuer_account'] : undefined) ?? iss
    return typeof account === 'string' && PUBLIC_ACCOUNT_KEY.test(account) ? account : undefined
  } catch {
    return undefined
  }
}

function parseObject(text: string): JsonObject {
  const parsed: unknown = JSON.parse(text)
  return isJsonObject(parsed) ? parsed : {}
}

function problemWith(credentials: ServiceCredentials, text: string): string | undefined {
  if ('user' in credentials) return text === '' ? 'holds no password' : undefined
  const seed = 'credsFile' in credentials ? CREDS.exec(text)?.[1] : text
  if (seed === undefined) return 'is no creds file: expected a user JWT and a user seed between their marks'
  const signer = parseSigner(seed, 'U')
  return signer.ok ? undefined : `does not hold what it should: ${signer.error}`
}
