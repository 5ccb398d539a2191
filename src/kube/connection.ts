/**
 * Calls to the Kubernetes API over `node:https`. Every call has a limit in time and in size, connections are kept, and a connection on
 * which nothing comes any more is broken off. Never throws and never rejects: what went wrong is a value.
 */
import { request as plainRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { endIdle, type Access, type AccessSource } from './access.ts'
import { createLineCutter } from './lines.ts'
import { apiProblem, codeOf, parseJson, problemOfAnswer, problemOfError, type ApiProblem } from './problem.ts'

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** With its query. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: object
  readonly contentType?: string
}

export interface LineReader {
  /** The answer began: it is a 200 of JSON. */
  readonly opened: () => void
  /** Whole lines, in the order in which they came. @returns a problem to stop at. */
  readonly read: (lines: readonly string[]) => ApiProblem | undefined
  /** Milliseconds without a byte after which the connection counts as dead. */
  readonly silenceMs: number
}

export interface KubeConnection {
  /** @returns the object that a 2xx answer holds */
  call(call: KubeCall): Promise<Result<JsonObject, ApiProblem>>
  /** Reads an answer line by line until the server ends it. */
  lines(path: string, reader: LineReader): Promise<Result<void, ApiProblem>>
  /** Breaks off what is under way. */
  close(): void
}

export interface ConnectionTiming {
  /** Longest silence of a server that has yet to answer, or is answering. A whole call takes at most {@link WHOLE} times that. */
  readonly callMs: number
}

export const CONNECTION_TIMING: ConnectionTiming = { callMs: 15_000 }
const WHOLE = 4

/** 500 objects, each as large as etcd takes them, do not come in practice. */
const MAX_BODY_BYTES = 128 * 1_048_576
const MAX_ERROR_BYTES = 65_536
/** Above what etcd takes as an object (1.5 MiB), twice for the bookkeeping of fields. */
const MAX_LINE_BYTES = 8 * 1_048_576

export function createConnection(access: AccessSource, timing: ConnectionTiming = CONNECTION_TIMING): KubeConnection {
  const open = new Set<ClientRequest>()
  let closed = false

  async function exchange<T>(
    call: KubeCall,
    receive: (response: IncomingMessage, limit: Limit) => Promise<Result<T, ApiProblem>>,
    isAgain = false,
  ): Promise<Result<T, ApiProblem>> {
    const found = await access.get()
    if (!found.ok) return found
    if (closed) return err(apiProblem('unreachable', 'the connection was closed'))
    const sent = send(found.value, call)
    if (!sent.ok) return sent
    const request = sent.value
    open.add(request)
    const limit = limitOn(request, timing.callMs)
    try {
      const response = await responseOf(request)
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300 && isJsonAnswer(response)) return await receive(response, limit)
      const body = await readBody(response, MAX_ERROR_BYTES)
      if (status === 401) access.refused()
      if (status >= 200 && status < 300) {
        return err(apiProblem('answer', 'the Kubernetes API answered with something else than JSON'))
      }
      return err(problemOfAnswer(status, body ?? '', response.headers['retry-after']))
    } catch (error) {
      if (limit.problem !== undefined) {
        // Others to the same server would be silent as well; a new one may lead elsewhere.
        endIdle(found.value.agent)
        return err(limit.problem)
      }
      // The server closed a kept connection while we took it up.
      const wasStale = request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(codeOf(error))
      if (wasStale && !isAgain && !closed) return exchange(call, receive, true)
      return err(problemOfError(error))
    } finally {
      limit.end()
      open.delete(request)
    }
  }

  return {
    call: (call) =>
      exchange(call, async (response, limit) => {
        const end = performance.now() + WHOLE * timing.callMs
        const goOn = (): void => limit.restart(Math.min(timing.callMs, Math.max(0, end - performance.now())))
        const body = await readBody(response, MAX_BODY_BYTES, goOn)
        if (body === undefined) return err(apiProblem('answer', `an answer has more than ${MAX_BODY_BYTES} bytes`))
        const value = parseJson(body)
        if (isJsonObject(value)) return ok(value)
        return err(apiProblem('answer', 'the Kubernetes API answered with something else than a JSON object'))
      }),
    lines: (path, { opened, read, silenceMs }) =>
      exchange({ method: 'GET', path }, async (response, limit) => {
        opened()
        limit.restart(silenceMs)
        const cutter = createLineCutter(MAX_LINE_BYTES)
        for await (const chunk of response) {
          if (!Buffer.isBuffer(chunk)) continue
          limit.restart(silenceMs)
          const lines = cutter.push(chunk)
          if (!lines.ok) return err(apiProblem('answer', `an event has more than ${MAX_LINE_BYTES} bytes`))
          const problem = lines.value.length === 0 ? undefined : read(lines.value)
          // Leaving the loop destroys the response, and the connection with it.
          if (problem !== undefined) return err(problem)
        }
        return cutter.pending === 0 ? ok(undefined) : err(apiProblem('unreachable', 'an event was cut off'))
      }),
    close() {
      closed = true
      for (const request of open) request.destroy()
      access.close()
    },
  }
}

function send({ server, headers, agent }: Access, call: KubeCall): Result<ClientRequest, ApiProblem> {
  const { method, path, body, contentType = 'application/json' } = call
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${path}`, server)
  const text = body === undefined ? undefined : JSON.stringify(body)
  const options = {
    method,
    agent,
    headers: {
      ...headers,
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'nats-identity-bridge',
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': `${Buffer.byteLength(text)}` }),
    },
  }
  try {
    const request = url.protocol === 'http:' ? plainRequest(url, options) : secureRequest(url, options)
    request.end(text)
    return ok(request)
  } catch (error) {
    // A certificate or key that is no PEM.
    return err(problemOfError(error))
  }
}

function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays: an error after the answer began is the response's, and this one must not end the process.
    request.on('error', reject)
    request.once('close', () => reject(new Error('closed')))
  })
}

function isJsonAnswer(response: IncomingMessage): boolean {
  return /^application\/json\b/i.test(response.headers['content-type'] ?? '')
}

/** `undefined` when it is longer. */
async function readBody(
  response: IncomingMessage,
  maxBytes: number,
  onChunk: () => void = () => undefined,
): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > maxBytes) return undefined
    chunks.push(chunk)
    onChunk()
  }
  return Buffer.concat(chunks, size).toString('utf8')
}

interface Limit {
  /** Present once the time was up. */
  readonly problem: ApiProblem | undefined
  restart(milliseconds: number): void
  end(): void
}

function limitOn(request: ClientRequest, milliseconds: number): Limit {
  let problem: ApiProblem | undefined
  let timer = setTimeout(up, milliseconds)

  function up(): void {
    problem = apiProblem('silent', 'the Kubernetes API did not answer in time')
    request.destroy()
  }

  return {
    get problem() {
      return problem
    },
    restart(next) {
      clearTimeout(timer)
      timer = setTimeout(up, next)
    },
    end: () => clearTimeout(timer),
  }
}
