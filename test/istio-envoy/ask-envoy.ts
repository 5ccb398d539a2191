/**
 * Asks a running Envoy what it does with each request: over a real connection, with mutual TLS where there is a principal, a signed
 * token where there are claims, bytes as given. Reads decision and rule from what Envoy says of its own filters.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, EnvoyAnswer, Filtered, Json, Request } from './case.ts'
import { canBeProxied } from './addresses.ts'
import type { Authority } from './certificates.ts'
import { TCP_ALLOWED_BY } from './envoy-config.ts'
import type { Ports, RunningEnvoy } from './run-envoy.ts'
import type { TokenIssuer } from './tokens.ts'

export interface Asker {
  readonly envoy: RunningEnvoy
  readonly authority: Authority
  readonly tokens: TokenIssuer
}

export interface Question {
  readonly set: Filtered
  /** Index of the set in the running Envoy. */
  readonly listener: number
  readonly request: Request
}

/** Said of a policy set of which Istio makes what Envoy does not take. */
export const REFUSED_LISTENER = 'Envoy refused the listener'

const AT_ONCE = 24
const CONNECTION_MS = 20_000
const TCP_LOG_MS = 20_000
const POLL_MS = 50

/** @returns an answer for each question, in order. */
export async function askEnvoy(asker: Asker, questions: readonly Question[]): Promise<EnvoyAnswer[]> {
  const answers: EnvoyAnswer[] = []
  const contexts = new Map<string, SecureContext>()
  const passed = new Map<number, boolean>()
  let next = 0

  async function work(): Promise<void> {
    for (let index = next++; index < questions.length; index = next++) {
      const question = questions[index]!
      const ports = asker.envoy.ports[question.listener]
      if (ports === undefined) {
        answers[index] = { undecided: REFUSED_LISTENER }
        continue
      }
      try {
        if (question.set.transport === 'http') {
          answers[index] = httpAnswer(question.set, await askHttp(ports, question.request))
        } else {
          passed.set(index, await askTcp(ports, question.request, index + 1))
        }
      } catch (problem) {
        answers[index] = { undecided: problem instanceof Error ? problem.message : 'failed' }
      }
    }
  }

  function open(ports: Ports, request: Request, id: number): Promise<Socket> {
    const six = request.sourceIp.includes(':')
    const socket = connectTcp({
      host: six ? '::1' : '127.0.0.1',
      port: six ? ports.v6 : ports.v4,
      localAddress: request.sourceIp,
      noDelay: true,
    })
    socket.setTimeout(CONNECTION_MS, () => socket.destroy(new Error('no answer in time')))
    socket.write(proxyHeader(request, id))
    const { principal } = request
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      if (principal === undefined) {
        socket.once('connect', () => resolve(socket))
        return
      }
      let context = contexts.get(principal)
      if (context === undefined) {
        const { authority } = asker
        context = createSecureContext({ key: authority.key, cert: authority.certificateFor(principal) })
        contexts.set(principal, context)
      }
      const sni = request.sni === undefined ? {} : { servername: request.sni }
      const secured = connectTls({ socket, secureContext: context, rejectUnauthorized: false, ...sni })
      secured.once('error', reject)
      secured.once('secureConnect', () => resolve(secured))
    })
  }

  async function askHttp(ports: Ports, request: Request): Promise<string> {
    const socket = await open(ports, request, 1)
    const token =
      request.claims === undefined ? [] : [['authorization', `Bearer ${asker.tokens.tokenOf(request.claims)}`]]
    const lines = [['host', request.host ?? ''], ...(request.headers ?? []), ...token, ['connection', 'close']]
    const head = [`${request.method} ${request.path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)]
    return new Promise((resolve, reject) => {
      let received = ''
      const end = (): void => {
        resolve(received)
        socket.destroy()
      }
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        // Everything is said in the head.
        if (received.includes('\r\n\r\n')) end()
      })
      socket.once('end', end)
      socket.once('error', (problem) => (received === '' ? reject(problem) : resolve(received)))
      socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
    })
  }

  /** @returns whether the connection passed the filters. */
  async function askTcp(ports: Ports, request: Request, id: number): Promise<boolean> {
    const socket = await open(ports, request, id)
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        resolve(result)
        socket.destroy()
      }
      socket.once('data', () => end(true))
      socket.once('close', () => end(false))
      socket.once('error', () => end(false))
      // More than the TLS inspector needs to see that it is none.
      socket.write('x'.repeat(64))
    })
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work))
  if (passed.size === 0) return answers
  const outcomes = await tcpOutcomes(asker.envoy, passed.size)
  for (const [index, allowed] of passed) {
    const outcome = outcomes.get(index + 1)
    answers[index] =
      outcome === undefined ? { undecided: 'no word of it' } : tcpAnswer(questions[index]!.set, allowed, outcome)
  }
  return answers
}

/** PROXY protocol version 1. The port of the sender says which question it is. */
function proxyHeader(request: Request, id: number): string {
  const six = request.destIp.includes(':')
  // With x-forwarded-for the sender's address is not looked at.
  const remote = request.remoteIp ?? request.sourceIp
  const sender = canBeProxied(remote, six) ? remote : six ? '2001:db8::9' : '192.0.2.9'
  return `PROXY TCP${six ? 6 : 4} ${sender} ${request.destIp} ${id} ${request.destPort}\r\n`
}

const DENIED = /rbac_access_denied_matched_policy\[(.*)\]/
const CUSTOM = /^istio-ext-authz-(?:[a-z0-9-]+?-)?(ns\[.*)-deny-due-to-bad-CUSTOM-action$/

function httpAnswer(set: Filtered, response: string): EnvoyAnswer {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(response)?.[1] ?? 'no status'
  const details = /\r\nx-details: ([^\r]*)/.exec(response)?.[1] ?? ''
  const metadata = /\r\nx-rbac: ([^\r]*)/.exec(response)?.[1] ?? ''
  const denied = DENIED.exec(details)
  if (status === '403' && denied !== null) return deniedBy(denied[1] ?? '')
  if (status === '200' && details === 'direct_response') return allowedBy(set, metadata, 'enforced_effective_policy_id')
  // Before any policy is asked.
  if (status === '400' && details === 'path_normalization_failed') return { decision: 'deny', decidedBy: 'bad-request' }
  return { undecided: `${status} ${details}` }
}

interface TcpOutcome {
  readonly details: string
  readonly metadata: string
}

function tcpAnswer(set: Filtered, allowed: boolean, { details, metadata }: TcpOutcome): EnvoyAnswer {
  const denied = DENIED.exec(details)
  if (denied !== null && !allowed) return deniedBy(denied[1] ?? '')
  if (denied === null && allowed) return allowedBy(set, metadata, TCP_ALLOWED_BY)
  return { undecided: `${allowed ? 'passed' : 'closed'}, ${details}` }
}

function deniedBy(policy: string): Answer {
  return { decision: 'deny', decidedBy: policy === 'none' ? 'no-allow-match' : (CUSTOM.exec(policy)?.[1] ?? policy) }
}

function allowedBy(set: Filtered, metadata: string, key: string): EnvoyAnswer {
  if (!set.filters.some(enforcesAllow)) return { decision: 'allow', decidedBy: 'no-allow-policy' }
  const { [key]: name } = metadata === '-' ? {} : (JSON.parse(metadata) as Record<string, string>)
  return name === undefined ? { undecided: `allowed by no rule: ${metadata}` } : { decision: 'allow', decidedBy: name }
}

/** ALLOW is the default action, so it is not spelled out. */
function enforcesAllow(filter: Json): boolean {
  const { typed_config: config } = filter as { typed_config: { rules?: { action?: string } } }
  return config.rules !== undefined && (config.rules.action ?? 'ALLOW') === 'ALLOW'
}

async function tcpOutcomes(envoy: RunningEnvoy, wanted: number): Promise<Map<number, TcpOutcome>> {
  const deadline = Date.now() + TCP_LOG_MS
  while (true) {
    const outcomes = new Map<number, TcpOutcome>()
    for (const line of (await envoy.tcpLog()).split('\n')) {
      const [id = '', details = '', metadata = ''] = line.split('\t')
      if (id !== '') outcomes.set(Number(id), { details, metadata })
    }
    if (outcomes.size >= wanted || Date.now() > deadline) return outcomes
    await sleep(POLL_MS)
  }
}
