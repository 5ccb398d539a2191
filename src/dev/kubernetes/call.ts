/** One call of the Kubernetes API as its administrator, over connections that are kept. For development and tests alone. */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { KubernetesAccess } from './access.ts'

export interface KubernetesCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Default `application/json`; a PATCH wants to say what it is. */
  readonly contentType?: string
  /** Instead of the administrator's certificate; an empty one is nobody. */
  readonly token?: string
  readonly timeoutMs?: number
}

export interface KubernetesAnswer {
  readonly status: number
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown
}

const TIMEOUT_MS = 10_000
const MAX_SOCKETS = 8

type Caller = Pick<KubernetesAccess, 'url' | 'caFile' | 'adminCertFile' | 'adminKeyFile'>

const agents = new Map<string, Agent>()

/** @throws when there is no answer in time. An error status is an answer. */
export function callKubernetes(access: Caller, call: KubernetesCall): Promise<KubernetesAnswer> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const headers = {
    accept: 'application/json, */*',
    ...(body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
    ...(call.token === undefined || call.token === '' ? {} : { authorization: `Bearer ${call.token}` }),
  }
  const agent = agentFor(access, call.token === undefined)
  const signal = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(call.path, access.url),
      { method: call.method, headers, agent, signal },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.once('error', reject)
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }))
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Ends the kept connections of a cluster that is no more. */
export function forgetConnections(access: Caller): void {
  for (const asAdmin of [true, false]) {
    const key = keyOf(access, asAdmin)
    agents.get(key)?.destroy()
    agents.delete(key)
  }
}

function agentFor(access: Caller, asAdmin: boolean): Agent {
  const key = keyOf(access, asAdmin)
  const known = agents.get(key)
  if (known !== undefined) return known
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ca: readFileSync(access.caFile),
    ...(asAdmin ? { cert: readFileSync(access.adminCertFile), key: readFileSync(access.adminKeyFile) } : {}),
  })
  agents.set(key, agent)
  return agent
}

function keyOf({ url, caFile }: Caller, asAdmin: boolean): string {
  return JSON.stringify([url, caFile, asAdmin])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
