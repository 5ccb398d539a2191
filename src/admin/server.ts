/**
 * The operator's HTTP door: liveness, readiness, metrics. Read-only, and holds no secret; still, listen on loopback or
 * behind a NetworkPolicy.
 */
import { serve, type ServerType } from '@hono/node-server'
import { Hono } from 'hono'

interface Readiness {
  readonly ready: boolean
  /** One entry per thing that should hold, with what is wrong. */
  readonly checks: readonly unknown[]
}

export interface AdminPorts {
  readiness(): Readiness
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
}

export interface AdminServer {
  readonly port: number
  close(): Promise<void>
}

export function adminRoutes(ports: AdminPorts): Hono {
  const app = new Hono()
  app.get('/livez', (context) => context.text('ok\n'))
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', (context) => {
    const readiness = ports.readiness()
    return context.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (context) =>
    context.body(await ports.metrics.render(), 200, { 'content-type': ports.metrics.contentType }),
  )
  return app
}

/** @param port 0 picks a free one. */
export function openAdminServer(ports: AdminPorts, host: string, port: number): Promise<AdminServer> {
  return new Promise((resolve, reject) => {
    const server: ServerType = serve({ fetch: adminRoutes(ports).fetch, hostname: host, port }, (address) => {
      resolve({
        port: address.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              closed()
            })
          }),
      })
    })
    server.once('error', reject)
  })
}
