/** Asking a running bridge from the command line: which options go together, and what a person reads when it does not work. */
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTestAuthority } from '../support/certificates.ts'
import { nib, type Ran } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const QUESTION = ['what-can', 'shop/orders']

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function serveHttp(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`
}

const said = ({ exitCode, problems }: Ran): [number, string] => [exitCode, problems]

describe('of whom to ask', () => {
  test.for<[string, readonly string[], string]>([
    ['two bridges', ['--bridge', 'http://a', '--nats', 'nats://b'], '--bridge and --nats name different ones to ask'],
    ['files and a bridge', ['--policies', 'x', '--bridge', 'http://a'], '--policies and --bridge name different ones'],
    ['nobody', [], 'no policies were given'],
    ['nobody, with a login', ['--auth-token-file', 'x'], '--auth-token-file is for a running bridge'],
    ['files, with a login', ['--policies', 'x', '--creds', 'x'], '--creds is for a running bridge'],
    ['HTTP with a login to NATS', ['--bridge', 'http://a', '--creds', 'x'], '--creds is for --nats'],
    ['a certificate without key', ['--bridge', 'https://a', '--cert', 'x'], '--cert and --key go together'],
    ['a user without password', ['--nats', 'nats://a', '--user', 'x'], '--user and --password-file go together'],
    [
      'NATS as two',
      ['--nats', 'nats://a', '--nkey', 'x', '--creds', 'y'],
      '--creds and --nkey are different logins, and one is used',
    ],
    [
      'a bridge in another trust domain',
      ['--bridge', 'http://a', '--trust-domain', 'x'],
      '--trust-domain is for policies that are read here',
    ],
    ['no URL', ['--bridge', 'nib:9222'], '--bridge "nib:9222" is no address of a bridge'],
    ['a URL with a login', ['--bridge', 'http://a:b@c'], 'is no address of a bridge'],
    [
      'plain HTTP with a certificate',
      ['--bridge', 'http://127.0.0.1:1', '--cert', 'package.json', '--key', 'package.json'],
      'over TLS',
    ],
    [
      'with a token that is none',
      ['--bridge', 'http://a', '--auth-token-file', 'package.json'],
      'package.json holds no token',
    ],
    [
      'with a token that is not there',
      ['--bridge', 'http://a', '--auth-token-file', 'nowhere'],
      'nowhere does not exist',
    ],
  ])('%s: is said before anything is asked', async ([, argv, expected]) => {
    expect(said(await nib([...QUESTION, ...argv]))).toEqual([2, expect.stringContaining(expected)])
  })

  test('a flag goes before a variable, and two variables contradict each other', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv('NIB_BRIDGE', 'http://127.0.0.1:1')
    expect((await nib(QUESTION)).problems).toContain('nobody listens there')
    vi.stubEnv('NIB_POLICIES', 'nowhere')
    expect(said(await nib(QUESTION))).toEqual([2, expect.stringContaining('--policies and --bridge name different')])
    const byFlag = await nib([...QUESTION, '--policies', 'elsewhere'])
    expect(byFlag.problems).toContain('elsewhere does not exist')
    vi.stubEnv('NIB_TOKEN_FILE', 'nowhere')
    const byCreds = await nib([...QUESTION, '--nats', 'nats://127.0.0.1:1', '--creds', 'no-creds'])
    expect(byCreds.problems).toContain('--creds no-creds does not exist')
    expect((await nib([...QUESTION, '--policies', 'elsewhere'])).problems).toContain('elsewhere does not exist')
  })
})

describe('a bridge that cannot be asked over HTTP', () => {
  test('because nobody listens there', async () => {
    const ran = await nib([...QUESTION, '--bridge', 'http://127.0.0.1:1'])
    expect(ran).toEqual({
      exitCode: 2,
      out: '',
      problems: `nib: error: http://127.0.0.1:1: nobody listens there
nib: hint: is the bridge up, and is this the address of admin.listen? For one pod: kubectl port-forward
`,
    })
  })

  test('with a token in the clear is asked with a warning, and on loopback without one', async () => {
    const token = tempFolder().write('token', 'a.b.c')
    const ask = async (url: string) => (await nib([...QUESTION, '--bridge', url, '--auth-token-file', token])).problems
    expect(await ask('http://bridge.invalid')).toContain('token-in-the-clear')
    expect(await ask('http://127.0.0.1:1')).not.toContain('token-in-the-clear')
    expect(await ask('https://bridge.invalid')).not.toContain('token-in-the-clear')
  })

  test('because nobody known here signed its certificate, or for another name', async () => {
    const authority = createTestAuthority()
    const { cert, key } = authority.issue({ dnsNames: ['nib.nats.svc'] })
    const port = await listen(createSecureServer({ cert, key }, (_request, response) => void response.end()))
    const argv = [...QUESTION, '--bridge', `https://127.0.0.1:${port}`]
    expect(said(await nib(argv))).toEqual([
      2,
      expect.stringMatching(/nobody known here signed its certificate[\s\S]*--ca ca.crt/),
    ])
    const [ca, other] = [tempFolder().write('ca', authority.cert), tempFolder().write('ca', createTestAuthority().cert)]
    expect(said(await nib([...argv, '--ca', other]))[1]).toMatch(/signed[\s\S]*--ca ca.crt/)
    expect(said(await nib([...argv, '--ca', ca]))[1]).toContain('its certificate is for other names')
  })

  test('because one side speaks TLS and the other does not', async () => {
    const { cert, key } = createTestAuthority().issue({ dnsNames: ['x'] })
    const secure = await listen(createSecureServer({ cert, key }))
    expect(said(await nib([...QUESTION, '--bridge', `http://127.0.0.1:${secure}`]))[1]).toContain('wants https://')
    const plain = await serveHttp((_request, response) => void response.end())
    expect(said(await nib([...QUESTION, '--bridge', plain.replace('http:', 'https:')]))[1]).toContain('wants http://')
  })

  test.for<[string, number, string]>([
    ['a page of HTML', 404, '<html></html>'],
    ['a redirect', 302, ''],
    ['nothing', 200, ''],
    ['another answer', 200, '{"ask":"why"}'],
    ['an error of another service', 500, '{"error":"oops"}'],
  ])('because what answers is none: %s', async ([, status, text]) => {
    const url = await serveHttp((_request, response) => {
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(text)
    })
    expect(said(await nib([...QUESTION, '--bridge', url]))).toEqual([
      2,
      expect.stringContaining(`${url} answered HTTP ${status}, not as a bridge does`),
    ])
  })

  test.for<[string, string]>([
    ['credential-missing', 'say who asks: --auth-token-file'],
    ['token-audience', 'kubectl create token <name> -n <namespace> --audience <audience>'],
    ['token-expired', 'make a fresh one'],
    ['too-large', '--policies in place of'],
    ['not-an-auditor', 'as the bridge says'],
  ])('and says why is told on, with a step for whoever types: %s', async ([code, expected]) => {
    const error = { code, message: 'it was refused\u001b[2J', hint: 'as the bridge says' }
    const url = await serveHttp((_request, response) => void response.writeHead(401).end(JSON.stringify({ error })))
    const { problems } = await nib([...QUESTION, '--bridge', url])
    expect(problems).toContain('nib: error: it was refused?[2J\n')
    expect(problems).toContain(expected)
  })
})

test('a question goes to the path below the URL, as JSON, with the token and no more', async () => {
  const seen: string[] = []
  const url = await serveHttp((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization} ${request.headers['content-type']}`)
    request.on('data', (chunk: Buffer) => void seen.push(chunk.toString()))
    response.writeHead(403).end('{"error":{"code":"x","message":"y"}}')
  })
  const token = tempFolder().write('token', 'a.b.c\n')
  await nib([...QUESTION, '--bridge', `${url}/nats/audit`, '--auth-token-file', token])
  expect(seen).toEqual(['POST /nats/audit/v1/what-can Bearer a.b.c application/json', '{"principal":"shop/orders"}'])
})

describe('a bridge that cannot be asked over NATS', () => {
  test('because nobody listens there, or no nats-server', async () => {
    const nobody = await nib([...QUESTION, '--nats', 'nats://user:secret@127.0.0.1:1'])
    expect(said(nobody)).toEqual([2, expect.stringContaining('NATS at nats://127.0.0.1:1: nobody listens there')])
    expect(nobody.problems).not.toContain('secret')
    const port = await listen(createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect(said(await nib([...QUESTION, '--nats', `nats://127.0.0.1:${port}`]))[0]).toBe(2)
  })
})
