/**
 * How the Kubernetes API is reached right now: address, credentials, and one agent whose connections are kept. Credentials are asked
 * for again every few seconds, so that a rotated token or certificate is taken up, and at once when the server refuses them.
 */
import { Agent as PlainAgent } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { err, ok, type Result } from '../lib/result.ts'
import { loadKubeconfig, type ClusterSettings, type Kubeconfig } from './kubeconfig.ts'
import { apiProblem, codeOf, type ApiProblem } from './problem.ts'

export interface Access {
  readonly server: URL
  readonly headers: Readonly<Record<string, string>>
  readonly agent: PlainAgent
}

export interface AccessSource {
  get(): Promise<Result<Access, ApiProblem>>
  /** The credentials were refused: the next call reads everything anew. */
  refused(): void
  close(): void
}

/** A credential plugin is a process of its own, and some have none of their answer kept. */
const KEPT_MS = 10_000
const LIMIT_MS = 15_000
/** How long a connection without a call is kept; API servers keep it for longer. */
const IDLE_SOCKET_MS = 60_000

export interface AccessDeps {
  readonly now: () => number
  readonly limitMs?: number
}

export function createAccess(settings: ClusterSettings, { now, limitMs = LIMIT_MS }: AccessDeps): AccessSource {
  let loading: Promise<Result<Kubeconfig, ApiProblem>> | undefined
  let known: { readonly access: Access; readonly until: number } | undefined
  let pending: Promise<Result<Access, ApiProblem>> | undefined
  let keeper: AgentKeeper = createAgentKeeper()

  async function find({ config, server, hasProxy }: Kubeconfig): Promise<Result<Access, ApiProblem>> {
    const options: RequestOptions = {}
    try {
      await config.applyToHTTPSOptions(options)
    } catch (error) {
      return err(noCredentials(error))
    }
    const own = options.agent instanceof PlainAgent && hasProxy ? options.agent : keeper.agentFor(server, options)
    const headers = headersOf(options)
    if (!headers.ok) return headers
    const access = { server, headers: headers.value, agent: own }
    known = { access, until: now() + KEPT_MS }
    return ok(access)
  }

  return {
    async get() {
      if (known !== undefined && now() < known.until) return ok(known.access)
      loading ??= loadKubeconfig(settings)
      const loaded = await loading
      if (!loaded.ok) {
        loading = undefined
        return loaded
      }
      // A plugin that hangs is waited for by all, and not started a second time.
      pending ??= find(loaded.value).finally(() => (pending = undefined))
      return within(pending, limitMs)
    },
    refused() {
      known = undefined
      loading = undefined
    },
    close() {
      keeper.close()
      keeper = createAgentKeeper()
    },
  }
}

function within(access: Promise<Result<Access, ApiProblem>>, limitMs: number): Promise<Result<Access, ApiProblem>> {
  return new Promise((resolve) => {
    const late = apiProblem('credentials', 'the credentials for the Kubernetes API did not come in time', PLUGIN_HINT)
    const timer = setTimeout(() => resolve(err(late)), limitMs)
    void access.then(resolve).finally(() => clearTimeout(timer))
  })
}

const PLUGIN_HINT = 'kubectl get namespaces with the same kubeconfig shows what is wrong with it'

/** The text of an error may hold what a plugin printed, which may be a token: only its code, and the path of a file, are repeated. */
function noCredentials(error: unknown): ApiProblem {
  const code = codeOf(error)
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? `: ${error.path}` : ''
  const detail = code === '' ? '' : ` (${code}${path})`
  return apiProblem('credentials', `the credentials for the Kubernetes API cannot be had${detail}`, PLUGIN_HINT)
}

/** What a header can hold, and nothing that would end it. */
const HEADER_VALUE = /^[\x20-\x7e]*$/

function headersOf({ headers, auth }: RequestOptions): Result<Record<string, string>, ApiProblem> {
  const found: Record<string, string> = {}
  if (typeof auth === 'string') found['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value !== 'string') continue
    // A token file may end with a line.
    const text = value.trim()
    if (!HEADER_VALUE.test(text)) {
      return err(apiProblem('credentials', 'the token for the Kubernetes API is no token', PLUGIN_HINT))
    }
    found[name.toLowerCase()] = text
  }
  return ok(found)
}

interface AgentKeeper {
  /** The same one as long as certificates and keys are the same. */
  agentFor(server: URL, options: RequestOptions): PlainAgent
  close(): void
}

const MATERIAL = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const

function createAgentKeeper(): AgentKeeper {
  let kept: { readonly agent: PlainAgent; readonly material: readonly unknown[] } | undefined
  return {
    agentFor(server, options) {
      const material = MATERIAL.map((name) => options[name])
      if (kept !== undefined && kept.material.every((one, index) => isSame(one, material[index]))) return kept.agent
      if (kept !== undefined) endIdle(kept.agent)
      const { ca, cert, key, servername, rejectUnauthorized } = options
      const keep = { keepAlive: true, timeout: IDLE_SOCKET_MS }
      const agent =
        server.protocol === 'http:'
          ? new PlainAgent(keep)
          : new Agent({
              ...keep,
              ...(ca === undefined ? {} : { ca }),
              ...(cert === undefined ? {} : { cert }),
              ...(key === undefined ? {} : { key }),
              ...(servername === undefined ? {} : { servername }),
              ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
            })
      kept = { agent, material }
      return agent
    },
    close: () => kept?.agent.destroy(),
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b
}

/** Connections with a call under way go on; the agent's own `destroy` would break them. */
export function endIdle(agent: PlainAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}
