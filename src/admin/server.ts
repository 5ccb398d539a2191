/**
 * The operator's HTTP door: liveness, readiness, metrics, which anybody may read who reaches it and which hold no secret, and questions
 * about the policy, for auditors alone. Listen on loopback or behind a NetworkPolicy all the same.
 */
import { createServer } from 'node:https'
import { constants } from 'node:crypto'
import { serve, type HttpBindings, type ServerType } from '@hono/node-server'
import { Hono } from 'hono'
import { questionRoutes, type QuestionPorts } from './question-routes.ts'
import type { TlsFiles, TlsMaterial } from './tls-files.ts'

interface Readiness {
  readonly ready: boolean
  /** One entry per thing that should hold, with what is wrong. */
  readonly checks: readonly unknown[]
}

export interface AdminPorts {
  readiness(): Readiness
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
  readonly questions: QuestionPorts
}

export interface AdminSettings {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** HTTPS; without it plain HTTP. */
  readonly tls?: TlsFiles
}

export interface AdminServer {
  readonly port: number
  close(): Promise<void>
}

export function adminRoutes(ports: AdminPorts): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/livez', (context) => context.text('ok\n'))
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', (context) => {
    const readiness = ports.readiness()
    return context.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (context) =>
    context.body(await ports.metrics.render(), 200, { 'content-type': ports.metrics.contentType }),
  )
  app.route('/v1', questionRoutes(ports.questions))
  return app
}

/** A client that is slow or silent holds a connection no longer. */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
const MAX_CONNECTIONS = 512
const CLOSE_LIMIT_MS = 1_000

export function openAdminServer(ports: AdminPorts, { host, port, tls }: AdminSettings): Promise<AdminServer> {
  const options = { fetch: adminRoutes(ports).fetch, hostname: host, port }
  return new Promise((resolve, reject) => {
    const listening = (address: { readonly port: number }): void => {
      resolve({ port: address.port, close: () => closeServer(server) })
    }
    const server: ServerType =
      tls === undefined
        ? serve({ ...options, serverOptions: TIMES }, listening)
        : serve({ ...options, createServer, serverOptions: { ...TIMES, ...tlsOptions(tls.current()) } }, listening)
    server.maxConnections = MAX_CONNECTIONS
    server.once('error', reject)
    tls?.onChange((material) => {
      if ('setSecureContext' in server) server.setSecureContext(tlsOptions(material))
    })
  })
}

/**
 * A certificate is asked for and judged at the question, as probes and Prometheus have none. No session is resumed, so that each
 * connection is judged by the roots of its day.
 */
function tlsOptions(material: TlsMaterial): TlsMaterial & { requestCert: boolean; rejectUnauthorized: boolean } {
  const settings = {
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
    rejectUnauthorized: false,
  } as const
  return { ...material, ...settings, requestCert: material.ca !== undefined }
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((closed) => {
    const limit = setTimeout(() => {
      if ('closeAllConnections' in server) server.closeAllConnections()
    }, CLOSE_LIMIT_MS).unref()
    server.close(() => {
      clearTimeout(limit)
      closed()
    })
  })
}
