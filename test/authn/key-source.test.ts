/** Where keys come from, on real sockets and files: what is read, and every way in which the other side can misbehave. */
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { httpGet } from '../../src/authn/http-get.ts'
import { createKeySource, discoveryUrl, fetchableUrl } from '../../src/authn/key-source.ts'
import type { HttpKeySettings } from '../../src/authn/settings.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startKeyServer, type KeyServer } from './support/key-server.ts'
import { codeOf, createRig, proven } from './support/rig.ts'
import { makeSelfSigned } from './support/self-signed.ts'
import { CLUSTER_ISSUER, keySetOf, makeKey, mint, serviceAccountClaims } from './support/token-mint.ts'

const MAX_BYTES = 64 * 1024
const key = makeKey()

let server: KeyServer
beforeAll(async () => {
  server = await startKeyServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})

async function readUrl(url: string, settings: HttpKeySettings = {}): Promise<string> {
  const read = await createKeySource(
    CLUSTER_ISSUER,
    { url, ...settings },
    MAX_BYTES,
    httpGet,
  )(new AbortController().signal)
  return read.ok ? JSON.stringify(read.value) : read.error.code
}

async function discover(issuer: string, settings: HttpKeySettings = {}): Promise<string> {
  const source = createKeySource(issuer, { discovery: true, ...settings }, MAX_BYTES, httpGet)
  const read = await source(new AbortController().signal)
  return read.ok ? JSON.stringify(read.value) : read.error.code
}

async function readFile(file: string): Promise<string> {
  const read = await createKeySource(CLUSTER_ISSUER, { file }, 1024, httpGet)(new AbortController().signal)
  return read.ok ? JSON.stringify(read.value) : read.error.code
}

function documentOf(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2))
}

function isFetchable(address: string, allowed = false): boolean {
  return fetchableUrl(address, allowed).ok
}

describe('a URL', () => {
  test('gives the JSON that it serves', async () => {
    server.serveJson(keySetOf(key))
    expect(await readUrl(`${server.origin}/openid/v1/jwks?v=1`)).toBe(JSON.stringify(keySetOf(key)))
    expect(server.requests).toEqual(['/openid/v1/jwks?v=1'])
  })

  test('is asked without compression, and is told what is wanted', async () => {
    const seen: unknown[] = []
    server.serve(({ headers }, response) => {
      seen.push(headers['accept-encoding'], headers.accept, headers.authorization)
      response.end('{}')
    })
    expect(await readUrl(server.origin)).toBe('{}')
    expect(seen).toEqual(['identity', 'application/json, application/jwk-set+json', undefined])
  })

  test.for([301, 302, 303, 307, 308])('is not followed elsewhere: HTTP %i', async (status) => {
    server.serve(({ url }, response) => {
      if (url === '/there') response.end(JSON.stringify(keySetOf(key)))
      else response.writeHead(status, { location: `${server.origin}/there` }).end()
    })
    expect(await readUrl(`${server.origin}/here`)).toBe('redirect')
    expect(server.requests).toEqual(['/here'])
  })

  test.for([204, 206, 401, 403, 404, 429, 500, 503])('must answer 200: not %i', async (status) => {
    server.serve((_request, response) => void response.writeHead(status).end(status === 204 ? '' : '{"keys":[]}'))
    expect(await readUrl(server.origin)).toBe('status')
  })

  test.for([
    ['a page by its type', 'text/html; charset=utf-8', '{"keys":[]}', 'html'],
    ['a page by its look', 'application/json', ' <!doctype html><title>Sign in</title>', 'html'],
    ['nothing', 'application/json', '', 'not-json'],
    ['blanks', 'application/json', ' \n', 'not-json'],
    ['half a document', 'application/json', '{"keys":[', 'not-json'],
    ['a PEM', 'application/x-pem-file', '-----BEGIN PUBLIC KEY-----', 'not-json'],
  ] as const)('must serve JSON: %s is refused', async ([, type, body, code]) => {
    server.serve((_request, response) => void response.writeHead(200, { 'content-type': type }).end(body))
    expect(await readUrl(server.origin)).toBe(code)
  })

  test('that says gzip whatever we ask is refused, not unpacked', async () => {
    const { gzipSync } = await import('node:zlib')
    server.serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(keySetOf(key))))
    })
    expect(await readUrl(server.origin)).toBe('not-json')
  })

  test('is cut off at the size limit, though it would never end', async () => {
    let written = 0
    let closed = false
    server.serve((_request, response) => {
      response.once('close', () => (closed = true))
      response.writeHead(200)
      const pour = (): void => {
        written += 16_384
        if (!closed) response.write(' '.repeat(16_384), () => setImmediate(pour))
      }
      pour()
    })
    expect(await readUrl(server.origin)).toBe('too-large')
    await expect.poll(() => closed).toBe(true)
    expect(written).toBeLessThan(64 * MAX_BYTES)
  })

  test('may serve as many bytes as the limit, and not one more', async () => {
    server.serve((_request, response) => void response.end(documentOf(MAX_BYTES)))
    expect(await readUrl(server.origin)).toHaveLength(MAX_BYTES)
    server.serve((_request, response) => void response.end(documentOf(MAX_BYTES + 1)))
    expect(await readUrl(server.origin)).toBe('too-large')
  })

  test('that closes the door early is unreachable', async () => {
    server.serve((request) => void request.socket.destroy())
    expect(await readUrl(server.origin)).toBe('unreachable')
    server.serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"keys":', () => request.socket.destroy())
    })
    expect(await readUrl(server.origin)).toBe('unreachable')
    const gone = await startKeyServer()
    await gone.close()
    expect(await readUrl(gone.origin)).toBe('unreachable')
  })

  test('that would rather speak another protocol is unreachable, at once', async () => {
    server.serve((request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    })
    expect(await readUrl(server.origin)).toBe('unreachable')
  })

  test.for([
    ['an endless header', 'HTTP/1.1 200 OK\r\nx: ', 'y'],
    ['endless headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['an endless chunk extension', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'a'],
    ['endless trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n', 'a: b\r\n'],
  ] as const)('with %s is cut off', async ([, start, more]) => {
    server.serve(({ socket }) => {
      socket.on('error', () => undefined)
      const pour = (): void => {
        if (!socket.destroyed) socket.write(more.repeat(10_000), () => setImmediate(pour))
      }
      socket.write(start, pour)
    })
    expect(await readUrl(server.origin)).toBe('unreachable')
  })

  test.for([
    ['no HTTP', '{"keys":[]}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 11\r\n\r\n{"keys":[]}'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['an alert of TLS', '\u0015\u0003\u0001\u0000\u0002\u0002\u0046'],
  ] as const)('that answers with %s is unreachable', async ([, answer]) => {
    server.serve(({ socket }) => void socket.end(answer, 'latin1'))
    expect(await readUrl(server.origin)).toBe('unreachable')
  })

  test('may be an address of IPv6', async (context) => {
    const onSix = createPlainServer((_request, response) => void response.end('{"keys":[]}'))
    const listens = await new Promise<boolean>((resolve) => {
      onSix.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true))
    })
    context.skip(!listens, 'this machine has no IPv6')
    const { port } = onSix.address() as AddressInfo
    expect(await readUrl(`http://[::1]:${port}/`)).toBe('{"keys":[]}')
    expect(await readUrl(`http://[0:0:0:0:0:0:0:1]:${port}/`)).toBe('{"keys":[]}')
    await new Promise((resolve) => onSix.close(resolve))
  })

  test('is https, or http on loopback, or http on purpose', () => {
    expect(
      ['https://idp.example/jwks', 'http://localhost:1/', 'http://127.8.9.1/', 'http://[::1]:8/'].map((url) =>
        isFetchable(url),
      ),
    ).toEqual([true, true, true, true])
    expect(
      ['http://idp.example/', 'http://127.0.0.1.example/', 'http://localhost.example/', 'http://10.0.0.1/'].map((url) =>
        isFetchable(url),
      ),
    ).toEqual([false, false, false, false])
    expect(isFetchable('http://idp.example/', true)).toBe(true)
    expect(
      ['file:///etc/passwd', 'ftp://x/', 'data:,{}', 'nonsense', 'https://user:pw@idp.example/'].map((url) =>
        isFetchable(url, true),
      ),
    ).toEqual([false, false, false, false, false])
  })
})

describe('discovery', () => {
  const jwks = keySetOf(key)
  function serveDiscovery(change: (document: Record<string, unknown>) => unknown): void {
    server.serve(({ url = '' }, response) => {
      const document = { issuer: `${server.origin}/realm`, jwks_uri: `${server.origin}/keys`, extra: 1 }
      response.end(JSON.stringify(url === '/keys' ? jwks : change(document)))
    })
  }

  test('asks the issuer for the address of its keys, and that for the keys', async () => {
    serveDiscovery((document) => document)
    expect(await discover(`${server.origin}/realm`)).toBe(JSON.stringify(jwks))
    expect(server.requests).toEqual(['/realm/.well-known/openid-configuration', '/keys'])
  })

  test('takes one slash from the end of the issuer, for the address alone', async () => {
    expect(discoveryUrl('https://idp.example/')).toBe('https://idp.example/.well-known/openid-configuration')
    expect(discoveryUrl('https://idp.example/a')).toBe('https://idp.example/a/.well-known/openid-configuration')
    serveDiscovery((document) => document)
    expect(await discover(`${server.origin}/realm/`)).toBe('issuer-mismatch')
  })

  test.for([
    ['of another issuer', { issuer: 'https://evil.example' }, 'issuer-mismatch'],
    ['with the issuer in another case', { issuer: 'HTTP://127.0.0.1/realm' }, 'issuer-mismatch'],
    ['without an issuer', { issuer: undefined }, 'not-discovery'],
    ['without an address', { jwks_uri: undefined }, 'not-discovery'],
    ['with a list of addresses', { jwks_uri: ['https://a'] }, 'not-discovery'],
    ['that leads to plain HTTP', { jwks_uri: 'http://keys.example/' }, 'insecure-url'],
    ['that leads to a file', { jwks_uri: 'file:///etc/passwd' }, 'insecure-url'],
    ['that leads nowhere', { jwks_uri: '/keys' }, 'insecure-url'],
  ] as const)('refuses a document %s', async ([, change, code]) => {
    serveDiscovery((document) => ({ ...document, ...change }))
    expect(await discover(`${server.origin}/realm`)).toBe(code)
    expect(server.requests).toEqual(['/realm/.well-known/openid-configuration'])
  })

  test('refuses a document that is a list', async () => {
    serveDiscovery(() => [])
    expect(await discover(`${server.origin}/realm`)).toBe('not-discovery')
  })
})

describe('an API server', () => {
  test('gets the bearer token, as the file has it at that moment', async () => {
    const folder = tempFolder()
    const seen: unknown[] = []
    server.serve(({ headers }, response) => {
      seen.push(headers.authorization)
      response.end('{}')
    })
    const bearerTokenFile = folder.write('token', 'first\n')
    await readUrl(server.origin, { bearerTokenFile })
    folder.replace('token', 'second')
    await readUrl(server.origin, { bearerTokenFile })
    expect(seen).toEqual(['Bearer first', 'Bearer second'])
  })

  test('cannot fill the log through the address that its document names', async () => {
    const issuer = `${server.origin}/realm`
    const jwks = `${server.origin}/${'a'.repeat(30_000)}`
    server.serve((request, response) => {
      if (request.url?.startsWith('/realm/') === true) response.end(JSON.stringify({ issuer, jwks_uri: jwks }))
      else response.writeHead(500).end()
    })
    const read = await createKeySource(issuer, { discovery: true }, MAX_BYTES, httpGet)(new AbortController().signal)
    if (read.ok) throw new Error('a refusal was expected')
    expect(read.error.detail).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/a+….*HTTP [45]\d\d$/)
    expect(read.error.detail.length).toBeLessThan(300)
  })

  test('cannot lead the token to another server by its discovery document', async () => {
    const other = await startKeyServer()
    const seen: unknown[] = []
    other.serve(({ headers }, response) => {
      seen.push(headers.authorization)
      response.end('{}')
    })
    server.serve(({ headers }, response) => {
      seen.push(headers.authorization)
      response.end(JSON.stringify({ issuer: server.origin, jwks_uri: `${other.origin}/keys` }))
    })
    expect(await discover(server.origin, { bearerTokenFile: tempFolder().write('token', 'mine') })).toBe('{}')
    expect(seen).toEqual(['Bearer mine', undefined])
    await other.close()
  })

  test('is not asked at all when the token cannot be read, or no header can hold it', async () => {
    const folder = tempFolder()
    expect(await readUrl(server.origin, { bearerTokenFile: folder.at('absent') })).toBe('file-unreadable')
    expect(await readUrl(server.origin, { bearerTokenFile: folder.write('odd', 'a\nb') })).toBe('unreachable')
    expect(server.requests).toEqual([])
  })

  test('is believed with the certificate authority that is configured, and with no other', async () => {
    const folder = tempFolder()
    const own = makeSelfSigned()
    const secure = createServer({ ...own }, (_request, response) => void response.end(JSON.stringify(keySetOf(key))))
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/openid/v1/jwks`
    expect(await readUrl(url, { caFile: folder.write('ca.crt', own.cert) })).toBe(JSON.stringify(keySetOf(key)))
    expect(await readUrl(url, { caFile: folder.write('other.crt', makeSelfSigned().cert) })).toBe('tls')
    expect(await readUrl(url)).toBe('tls')
    expect(await readUrl(url, { caFile: folder.write('no.crt', 'no certificate') })).toBe('tls')
    expect(await readUrl(url, { caFile: folder.at('absent.crt') })).toBe('file-unreadable')
    expect(await readUrl(url.replace('127.0.0.1', 'localhost'), { caFile: folder.at('ca.crt') })).toBe('tls')
    await new Promise((resolve) => secure.close(resolve))
  })
})

describe('a file', () => {
  test('gives the JSON in it; one that is absent, too large or no JSON does not', async () => {
    const folder = tempFolder()
    expect(await readFile(folder.write('jwks.json', JSON.stringify(keySetOf(key))))).toBe(JSON.stringify(keySetOf(key)))
    expect(await readFile(folder.at('absent.json'))).toBe('file-unreadable')
    expect(await readFile(folder.path)).toBe('file-unreadable')
    expect(await readFile(folder.write('large.json', ' '.repeat(1025)))).toBe('file-unreadable')
    expect(await readFile(folder.write('half.json', '{"keys":['))).toBe('not-json')
  })

  test('that changes is taken up at the next reading, and refresh() is one', async () => {
    const folder = tempFolder()
    const [first, second] = [makeKey(), makeKey()]
    folder.mount('1', { 'jwks.json': JSON.stringify(keySetOf(first)) })
    const { authenticator, login } = createRig([
      {
        name: 'cluster',
        kind: 'kubernetes',
        issuer: CLUSTER_ISSUER,
        audiences: ['nats'],
        trustDomain: 'cluster.local',
        keys: { file: folder.at('jwks.json') },
      },
    ])
    await authenticator.start()
    const [early, late] = await Promise.all([first, second].map((made) => mint(serviceAccountClaims(), { key: made })))
    expect(codeOf(await login(early ?? ''))).toBe('ok')
    folder.mount('2', { 'jwks.json': JSON.stringify(keySetOf(second)) })
    await authenticator.refresh('another')
    expect(codeOf(await login(early ?? ''))).toBe('ok')
    await authenticator.refresh('cluster')
    expect(codeOf(await login(early ?? ''))).toBe('TOKEN_KEY_UNKNOWN')
    expect(proven(await login(late ?? '')).principal.name).toBe('spiffe://cluster.local/ns/shop/sa/orders')
    authenticator.stop()
  })
})
