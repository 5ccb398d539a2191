/**
 * Asks a running bridge over HTTP. Follows no redirect, verifies the server's certificate always, and reads no more than it must; every
 * failure is said with the next step.
 */
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { Answer } from '../answers/answer.ts'
import type { Problem } from '../answers/problem.ts'
import type { QuestionText } from '../answers/question.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { quote } from '../lib/spell.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Asker } from './asker.ts'
import { readReply } from './read-reply.ts'
import { readRemoteFiles, type RemoteFiles } from './remote-files.ts'
import type { RemoteOptions } from './remote-options.ts'

/** The bridge gives an answer up after half of it. */
const TIMEOUT_MS = 60_000
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/** @param notice is told what the person should know beside the answer. */
export function createBridgeAsker(
  url: string,
  options: RemoteOptions,
  notice: (diagnostics: readonly Diagnostic[]) => void,
): Result<Asker, Problem> {
  const base = parseBase(url)
  if (!base.ok) return base
  return ok({
    async ask(question) {
      const files = await readRemoteFiles(options)
      if (!files.ok) return files
      if (files.value.token !== undefined && isInTheClear(base.value)) notice([TOKEN_IN_THE_CLEAR])
      return await post(base.value, question, files.value)
    },
  })
}

function parseBase(url: string): Result<URL, Problem> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  if (parsed !== undefined && isHttp && parsed.username === '' && parsed.search === '' && parsed.hash === '') {
    return ok(new URL(parsed.pathname.endsWith('/') ? parsed : `${parsed.href}/`))
  }
  const hint = 'write it like https://nib.nats.svc:9222 or http://127.0.0.1:9222'
  return err({ code: 'bridge-url-invalid', message: `--bridge ${quote(url)} is no address of a bridge`, hint })
}

function isInTheClear({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && hostname !== 'localhost' && hostname !== '[::1]' && !hostname.startsWith('127.')
}

const TOKEN_IN_THE_CLEAR: Diagnostic = {
  severity: 'warning',
  code: 'token-in-the-clear',
  message: 'the token goes over plain HTTP: whoever reads it on the way can log in to NATS with it',
  hint: 'ask over https, or through kubectl port-forward',
}

async function post(base: URL, { ask, body }: QuestionText, files: RemoteFiles): Promise<Result<Answer, Problem>> {
  const { token, cert, key, ca } = files
  const isSecure = base.protocol === 'https:'
  if (!isSecure && cert !== undefined) return err(CERTIFICATE_IN_THE_CLEAR)
  try {
    const response = await send(new URL(`v1/${ask}`, base), JSON.stringify(body), {
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(isSecure ? { cert, key, ca } : {}),
    })
    const { statusCode = 0 } = response
    const text = await readText(response)
    return readReply(text, statusCode === 200, ask) ?? err(notABridge(base, statusCode))
  } catch (error) {
    return err(unreachable(base, error))
  }
}

type SendOptions = NonNullable<Parameters<typeof requestSecure>[1]> & object

function send(url: URL, body: string, options: SendOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer has no end')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const CERTIFICATE_IN_THE_CLEAR: Problem = {
  code: 'bridge-url-insecure',
  message: 'a certificate can only be shown over TLS, and --bridge is plain HTTP',
  hint: 'write --bridge https://…, which a bridge with admin.tls speaks',
}

function notABridge({ origin }: URL, status: number): Problem {
  const message = `${origin} answered HTTP ${status}, not as a bridge does`
  const hint = 'name the address of admin.listen in bridge.yaml; an older bridge answers no questions'
  return { code: 'not-a-bridge', message, hint }
}

const UNKNOWN_ROOT = 'name the roots that signed it: --ca ca.crt'

/** By error code of Node.js and OpenSSL: what it means here, and what to do. */
const CAUSES = new Map<string, readonly [string, string]>([
  [
    'ECONNREFUSED',
    [
      'nobody listens there',
      'is the bridge up, and is this the address of admin.listen? For one pod: kubectl port-forward',
    ],
  ],
  ['ENOTFOUND', ['there is no such host', 'check the name; a name ending in .svc is known inside its cluster only']],
  ['EAI_AGAIN', ['the name cannot be looked up now', 'check the network, then ask again']],
  ['ECONNRESET', ['it hung up', 'a bridge with admin.tls wants https://, one without http://']],
  ['EPROTO', ['it does not speak TLS', 'a bridge without admin.tls wants http://']],
  ['ABORT_ERR', [`no answer within ${TIMEOUT_MS / 1000} seconds`, 'ask something narrower, or ask the policy files']],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['nobody known here signed its certificate', UNKNOWN_ROOT]],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['nobody known here signed its certificate', UNKNOWN_ROOT]],
  ['SELF_SIGNED_CERT_IN_CHAIN', ['nobody known here signed its certificate', UNKNOWN_ROOT]],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['nobody known here signed its certificate', UNKNOWN_ROOT]],
  ['CERT_SIGNATURE_FAILURE', ['its certificate is not signed by the roots of --ca', UNKNOWN_ROOT]],
  ['CERT_HAS_EXPIRED', ['its certificate has run out', 'renew admin.tls.certFile of the bridge']],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ['its certificate is for other names', 'use a name that the certificate of admin.tls.certFile has'],
  ],
])

function unreachable({ origin }: URL, error: unknown): Problem {
  const code = codeOf(error)
  const [cause, hint] = CAUSES.get(code) ?? [`it cannot be asked (${code})`, undefined]
  return { code: 'bridge-unreachable', message: `${origin}: ${cause}`, ...(hint === undefined ? {} : { hint }) }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'ABORT_ERR'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
