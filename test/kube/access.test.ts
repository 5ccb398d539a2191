/** How the API server is reached: kubeconfigs as people have them, broken ones, credentials that change, plugins. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createAccess } from '../../src/kube/access.ts'
import { createConnection, type KubeConnection } from '../../src/kube/connection.ts'
import type { ApiProblem } from '../../src/kube/problem.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { fakeApi, json, kubeconfigText, status, type FakeApi } from './fake-api.ts'

const SERVER = 'http://127.0.0.1:1'

function connect(
  kubeconfigFile: string | undefined,
  more: { context?: string; limitMs?: number } = {},
): KubeConnection {
  const { context, limitMs = 2_000 } = more
  const settings = {
    ...(kubeconfigFile === undefined ? {} : { kubeconfigFile }),
    ...(context === undefined ? {} : { context }),
  }
  return createConnection(createAccess(settings, { now: Date.now, limitMs }))
}

async function problemOf(connection: KubeConnection): Promise<ApiProblem> {
  const answer = await connection.call({ method: 'GET', path: '/version' })
  connection.close()
  if (answer.ok) throw new Error('answered')
  return answer.error
}

/** The header with which each call came. */
async function recording(): Promise<{ api: FakeApi; sent: (string | undefined)[] }> {
  const api = await fakeApi()
  const sent: (string | undefined)[] = []
  api.takeOver(({ headers, response }) => {
    sent.push(headers.authorization)
    return json(response, {})
  })
  return { api, sent }
}

async function callWith(user: object, calls = 1): Promise<(string | undefined)[]> {
  const { api, sent } = await recording()
  const connection = connect(tempFolder().write('kubeconfig', kubeconfigText(`http://127.0.0.1:${api.port}`, user)))
  for (let call = 0; call < calls; call += 1) await connection.call({ method: 'GET', path: '/version' })
  connection.close()
  return sent
}

describe('a kubeconfig', () => {
  test.for<[string, (folder: ReturnType<typeof tempFolder>) => string, RegExp]>([
    ['that is not there', (folder) => folder.at('none'), /^config: the kubeconfig .*none does not exist$/],
    ['that is a folder', (folder) => folder.path, /^config: the kubeconfig .* is a folder$/],
    ['that is no YAML', (folder) => folder.write('k', 'a: [secret-token'), /^config: the file .*k is no kubeconfig/],
    ['that is empty', (folder) => folder.write('k', ''), /^config: the file .*k is no kubeconfig/],
    ['that is a list', (folder) => folder.write('k', '[secret-token]'), /^config: the file .*k is no kubeconfig/],
    ['without contexts', (folder) => folder.write('k', 'kind: Config'), /^config: the context "undefined" .* names no/],
    [
      'with a user that has no name',
      (folder) => folder.write('k', 'users: [{}]'),
      /^config: the file .*k is no kubeconfig/,
    ],
    [
      'with an address that is none',
      (folder) => folder.write('k', kubeconfigText('not an address', { token: 'secret-token' })),
      /^config: the context "fake" .* has no address/,
    ],
    [
      'that sends a token in the clear without saying so',
      (folder) => folder.write('k', kubeconfigText(SERVER, { token: 'secret-token' }, {})),
      /^config: the context "fake" .* has an address that is not https$/,
    ],
    [
      'with a certificate that is none',
      (folder) => {
        const broken = { 'certificate-authority-data': Buffer.from('secret-token').toString('base64') }
        return folder.write('k', kubeconfigText('https://127.0.0.1:1', { token: 'secret-token' }, broken))
      },
      /^(?:unreachable|certificate): /,
    ],
    [
      'with a token that no header can hold',
      (folder) => folder.write('k', kubeconfigText(SERVER, { token: 'secret-token\r\nx: y' })),
      /^credentials: the token for the Kubernetes API is no token$/,
    ],
    [
      'with a token file that is not there',
      (folder) => folder.write('k', kubeconfigText(SERVER, { tokenFile: 'none' })),
      /^credentials: the credentials .* cannot be had \(ENOENT: .*none\)$/,
    ],
    [
      'to where nothing listens',
      (folder) => folder.write('k', kubeconfigText(SERVER, { token: 'secret-token' })),
      /^unreachable: the Kubernetes API cannot be reached \(ECONNREFUSED\)$/,
    ],
  ])('%s is refused with a reason, and its secrets are not repeated', async ([, write, expected]) => {
    const { kind, message, hint } = await problemOf(connect(write(tempFolder())))
    expect(`${kind}: ${message}`).toMatch(expected)
    expect(`${message} ${hint}`).not.toContain('secret-token')
    expect(hint).toBeDefined()
  })

  test('whose context has no user is refused, because the client would forget the certificate authority', async () => {
    const file = tempFolder().write('k', kubeconfigText(SERVER, { token: 'x' }))
    expect((await problemOf(connect(file, { context: 'nobody' }))).message).toMatch(/names no cluster or no user$/)
  })

  test('that is none means the pod, and says so where there is no pod', async () => {
    expect(await problemOf(connect(undefined))).toMatchObject({
      kind: 'config',
      message: 'the pod has no address of a Kubernetes API',
      hint: 'outside a cluster, set policy.kubernetes.kubeconfigFile',
    })
  })

  test('may name a password, a token, or a file with a token that ends with a line', async () => {
    expect(await callWith({ username: 'me', password: 'it' })).toEqual([
      `Basic ${Buffer.from('me:it').toString('base64')}`,
    ])
    expect(await callWith({ token: 'abc' })).toEqual(['Bearer abc'])
    const folder = tempFolder()
    expect(await callWith({ token: 'old', tokenFile: folder.write('token', 'new\n') })).toEqual(['Bearer new'])
  })

  test('with a token file beside it finds it from its own folder', async () => {
    const { api, sent } = await recording()
    const folder = tempFolder()
    folder.write('token', 'abc')
    const file = folder.write('kubeconfig', kubeconfigText(`http://127.0.0.1:${api.port}`, { tokenFile: 'token' }))
    await connect(file).call({ method: 'GET', path: '/version' })
    expect(sent).toEqual(['Bearer abc'])
  })
})

describe('a credential plugin', () => {
  function plugin(script: string): object {
    const command = tempFolder().write('plugin', `#!/bin/sh\n${script}\n`)
    chmodSync(command, 0o700)
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args: [] } }
  }

  test('is asked once for several calls, although it names no end', async () => {
    const folder = tempFolder()
    const answer = JSON.stringify({ status: { token: 'from-plugin' } })
    const user = plugin(`echo asked >> ${folder.at('asked')}\necho '${answer}'`)
    expect(await callWith(user, 3)).toEqual(Array.from({ length: 3 }, () => 'Bearer from-plugin'))
    expect(readFileSync(folder.at('asked'), 'utf8')).toBe('asked\n')
  })

  test.for<[string, string]>([
    ['fails', 'echo secret-token >&2; exit 1'],
    ['prints something else', 'echo secret-token'],
    ['prints nothing', 'true'],
  ])('that %s is a reason, and what it prints is not repeated', async ([, script]) => {
    const file = tempFolder().write('k', kubeconfigText(SERVER, plugin(script)))
    const { kind, message } = await problemOf(connect(file))
    expect([kind, message]).toEqual(['credentials', 'the credentials for the Kubernetes API cannot be had'])
  })

  test('that is not there is named', async () => {
    const file = tempFolder().write('k', kubeconfigText(SERVER, { exec: { command: '/none/plugin' } }))
    expect((await problemOf(connect(file))).message).toMatch(/cannot be had \(ENOENT: \/none\/plugin\)$/)
  })

  test('that hangs is not waited for longer than its limit, nor started again and again', async () => {
    const folder = tempFolder()
    // Until its input ends, as one that asks for a password would.
    const user = plugin(`echo asked >> ${folder.at('asked')}\nexec cat`)
    const connection = connect(folder.write('k', kubeconfigText(SERVER, user)), { limitMs: 200 })
    for (let call = 0; call < 3; call += 1) {
      const answer = await connection.call({ method: 'GET', path: '/version' })
      expect(answer).toMatchObject({
        ok: false,
        error: { kind: 'credentials', message: expect.stringMatching(/did not come in time/) },
      })
    }
    expect(readFileSync(folder.at('asked'), 'utf8')).toBe('asked\n')
  })
})

describe('credentials that are refused', () => {
  test('are read anew, and so is the kubeconfig', async () => {
    const api = await fakeApi()
    const url = `http://127.0.0.1:${api.port}`
    api.takeOver(({ headers, response }) =>
      headers.authorization === 'Bearer new' ? json(response, { ok: true }) : status(response, 401, 'Unauthorized'),
    )
    const file = tempFolder().write('kubeconfig', kubeconfigText(url, { token: 'old' }))
    const connection = connect(file)
    const call = { method: 'GET', path: '/version' } as const
    expect(await connection.call(call)).toMatchObject({ ok: false, error: { kind: 'unauthorized' } })
    writeFileSync(file, kubeconfigText(url, { token: 'new' }))
    expect(await connection.call(call)).toMatchObject({ ok: true })
    connection.close()
  })
})

describe('connections', () => {
  test('are kept between calls, and a kept one that the server closed costs no call', async () => {
    const { api, sent } = await recording()
    const connection = connect(api.kubeconfig)
    const call = { method: 'GET', path: '/version' } as const
    for (let round = 0; round < 5; round += 1) {
      expect(await connection.call(call)).toMatchObject({ ok: true })
      api.hangUp()
      expect(await connection.call(call)).toMatchObject({ ok: true })
    }
    expect(sent).toHaveLength(10)
    connection.close()
  })

  test('are broken off when they are closed', async () => {
    const api = await fakeApi()
    api.takeOver(() => true)
    const connection = connect(api.kubeconfig)
    const pending = connection.call({ method: 'GET', path: '/slow' })
    await expect.poll(() => api.seen.length).toBe(1)
    connection.close()
    expect(await pending).toMatchObject({ ok: false })
  })
})
