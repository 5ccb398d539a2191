/** A real HTTP server on loopback that serves whatever a test makes it serve, and counts. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface KeyServer {
  readonly origin: string
  /** Paths asked for, in order. */
  readonly requests: string[]
  serve(listener: RequestListener): void
  /** Answers every path with this JSON. */
  serveJson(value: unknown): void
  close(): Promise<void>
}

const notFound: RequestListener = (_request, response) => void response.writeHead(404).end()

export async function startKeyServer(): Promise<KeyServer> {
  let listener: RequestListener = notFound
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    serve: (next) => void (listener = next),
    serveJson: (value) =>
      void (listener = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
