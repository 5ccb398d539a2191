/**
 * One GET of a small document. Follows no redirect, asks for no compression, keeps no connection, verifies every certificate.
 * `node:https` and not `fetch`, because a cluster's API server needs its own certificate authority.
 */
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import { ok, type Result } from '../lib/result.ts'
import { keyProblem, type KeyProblem } from './key-problem.ts'

export interface HttpGetOptions {
  readonly headers: Readonly<Record<string, string>>
  /** PEM; replaces the system's roots. */
  readonly ca?: string
  /** A longer body is cut off and refused. */
  readonly maxBytes: number
  /** Ends the exchange wherever it stands. */
  readonly signal: AbortSignal
}

/** @returns the body of a 200 answer. Never rejects. */
export type HttpGet = (url: URL, options: HttpGetOptions) => Promise<Result<string, KeyProblem>>

export const httpGet: HttpGet = (url, { headers, ca, maxBytes, signal }) =>
  new Promise((resolve) => {
    const options = {
      headers: { ...headers, 'accept-encoding': 'identity' },
      signal,
      agent: false,
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
    }
    let answered = false
    const receive = (response: IncomingMessage): void => {
      answered = true
      readBody(response, maxBytes).then(resolve, (error: unknown) => resolve(failed(error)))
    }
    try {
      const request = url.protocol === 'https:' ? getSecure(url, options, receive) : getPlain(url, options, receive)
      request.on('error', (error) => resolve(failed(error)))
      // After an answer that changes the protocol (101) there is no other event.
      request.on('close', () => {
        if (!answered) resolve(keyProblem('unreachable', 'the server closed the connection without an answer'))
      })
    } catch (error) {
      // A certificate authority that is no PEM, a bearer token that no header can hold.
      resolve(failed(error))
    }
  })

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Result<string, KeyProblem>> {
  const refused = refusedAnswer(response)
  if (refused !== undefined) {
    response.destroy()
    return refused
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    // Leaving the loop destroys the response, and the connection with it.
    if (size > maxBytes) return keyProblem('too-large', `the document has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks).toString('utf8'))
}

function refusedAnswer(response: IncomingMessage): Result<never, KeyProblem> | undefined {
  const status = response.statusCode ?? 0
  if (status >= 300 && status < 400) return keyProblem('redirect', `the server answered HTTP ${status}`)
  if (status !== 200) return keyProblem('status', `the server answered HTTP ${status}`)
  if (response.headers['content-type']?.toLowerCase().startsWith('text/html') === true) {
    return keyProblem('html', 'the server answered with text/html')
  }
  return undefined
}

const TLS_CODE = /CERT|SSL|TLS|UNABLE_TO_|SELF_SIGNED/

function failed(error: unknown): Result<never, KeyProblem> {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'
  if (TLS_CODE.test(code)) return keyProblem('tls', code)
  return keyProblem('unreachable', code)
}
