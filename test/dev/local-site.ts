/** A web site on loopback for one test: it gives what the test lays out, or misbehaves as the test wants. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** @returns its URL. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** @param files by the last part of their path; what is not named is 404. */
export function routes(
  files: Readonly<Record<string, RequestListener | string | Buffer | undefined>>,
): RequestListener {
  return (request, response) => {
    const file = files[request.url?.split('/').at(-1) ?? '']
    if (typeof file === 'function') file(request, response)
    else if (file === undefined) response.writeHead(404).end('<html>not found</html>')
    else response.end(file)
  }
}
