/** A Kubernetes API of our own starts, gives credentials, can be made to fail and comes back, ends, and never stays behind. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runKubernetes } from '../../../src/dev/kubernetes/index.ts'
import {
  describeOnKubernetes,
  kubernetesForTests,
  KubectlError,
  ownKubernetes,
  sharedKubernetes,
  waitUntil,
  type OwnKubernetes,
  type TestKubernetes,
} from '../../support/kubernetes.ts'
import { eventually } from '../../../src/dev/deadline.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { isRunning, runInOtherProcess } from '../in-other-process.ts'
import { fakeMachine } from './fake-kubernetes.ts'

const NAMESPACES = '/api/v1/namespaces'

describeOnKubernetes('the Kubernetes API that test files share', () => {
  let kubernetes: TestKubernetes
  let namespace: string

  beforeAll(async () => {
    kubernetes = await sharedKubernetes()
    namespace = await kubernetes.namespace('shop')
    await kubernetes.serviceAccount(namespace, 'orders')
  })

  test('calls itself what it is', async () => {
    const { version } = kubernetes
    expect(await kubernetes.get('/version')).toMatchObject({ gitVersion: `v${version}` })
    expect(await kubernetes.kubectl(['version'])).toContain(`Server Version: v${version}`)
  })

  test('is the same for all who ask', async () => {
    expect((await sharedKubernetes()).url).toBe(kubernetes.url)
  })

  test('gives tokens of ServiceAccounts that its own published keys verify', async () => {
    const token = await kubernetes.tokenFor(namespace, 'orders', ['nats'])
    const discovery = await kubernetes.call({
      method: 'GET',
      path: '/.well-known/openid-configuration',
      token: await kubernetes.tokenFor(namespace, 'orders'),
    })
    expect(discovery).toMatchObject({ status: 200, body: { issuer: kubernetes.issuer } })
    expect(kubernetes.issuer).toBe(kubernetes.url)
    const keys = await kubernetes.get<JSONWebKeySet>('/openid/v1/jwks')
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: kubernetes.issuer,
      audience: 'nats',
    })
    expect(payload.sub).toBe(`system:serviceaccount:${namespace}:orders`)
  })

  test('binds a token to a pod', async () => {
    await kubernetes.apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'orders-0', namespace },
        spec: { serviceAccountName: 'orders', containers: [{ name: 'app', image: 'example.com/app' }] },
      },
    ])
    const pod = await kubernetes.get<{ metadata: { uid: string } }>(`${NAMESPACES}/${namespace}/pods/orders-0`)
    const bound = { name: 'orders-0', uid: pod.metadata.uid }
    const token = await kubernetes.tokenFor(namespace, 'orders', ['nats'], { pod: bound, expirationSeconds: 600 })
    expect(decodeJwt(token)['kubernetes.io']).toMatchObject({ pod: bound })
  })

  test('says why there is no token', async () => {
    await expect(kubernetes.tokenFor(namespace, 'nobody')).rejects.toThrow(/no token for shop-\w+\/nobody: 404/)
  })

  test('knows users by their certificates, and ServiceAccounts by their tokens', async () => {
    const user = await kubernetes.kubeconfigFor({ user: 'jo', groups: ['ops', 'sre'] })
    const orders = await kubernetes.kubeconfigFor({ namespace, serviceAccount: 'orders' })
    const who = ['auth', 'whoami', '-o', 'json']
    expect(JSON.parse(await kubernetes.kubectl(who, { kubeconfig: user }))).toMatchObject({
      status: { userInfo: { username: 'jo', groups: ['ops', 'sre', 'system:authenticated'] } },
    })
    expect(JSON.parse(await kubernetes.kubectl(who, { kubeconfig: orders }))).toMatchObject({
      status: { userInfo: { username: `system:serviceaccount:${namespace}:orders` } },
    })
    for (const file of [user, orders, kubernetes.kubeconfig]) expect(statSync(file).mode & 0o077).toBe(0)
  })

  test('lets nobody but the administrator do what no role allows', async () => {
    const kubeconfig = await kubernetes.kubeconfigFor({ namespace, serviceAccount: 'orders' })
    const refused = await kubernetes.kubectl(['get', 'secrets'], { kubeconfig }).catch((problem: unknown) => problem)
    expect(refused).toBeInstanceOf(KubectlError)
    expect(refused).toMatchObject({ exitCode: 1, problems: expect.stringMatching(/Forbidden.*cannot list resource/) })
    expect(await kubernetes.call({ method: 'GET', path: NAMESPACES, token: '' })).toMatchObject({ status: 403 })
  })

  test("knows Istio's AuthorizationPolicy once it is told, and refuses a wrong one", async () => {
    await kubernetes.applyIstioCrds()
    const policy = (action: string) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'orders', namespace },
      spec: { action },
    })
    await kubernetes.apply([policy('ALLOW')])
    await expect(kubernetes.apply([policy('PERHAPS')])).rejects.toThrow(/Unsupported value: "PERHAPS"/)
  })

  test('applies many documents of YAML, and names the one that is wrong', async () => {
    const configMap = (name: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}\n`
    await kubernetes.apply(`${configMap('a')}---\n${configMap('b')}`, { namespace })
    expect(await kubernetes.kubectl(['get', 'configmaps', '-o', 'name'], { namespace })).toBe(
      'configmap/a\nconfigmap/b\n',
    )
    await expect(kubernetes.apply(configMap('A'), { namespace })).rejects.toThrow(/"A" is invalid/)
  })
})

describeOnKubernetes('a Kubernetes API of its own', () => {
  let own: OwnKubernetes

  beforeAll(async () => {
    own = await ownKubernetes({ watchCache: false })
  })
  afterAll(() => own.stop())

  test('refuses calls when it was killed, and comes back with its data, at the same address, with the same keys', async () => {
    const namespace = await own.namespace('kept')
    await own.serviceAccount(namespace, 'orders')
    const token = await own.tokenFor(namespace, 'orders')
    const [before, { url }] = [own.apiServerPid(), own]
    await own.killApiServer()
    expect(isRunning(before)).toBe(false)
    await expect(own.call({ method: 'GET', path: NAMESPACES })).rejects.toThrow(/ECONNREFUSED/)
    await own.startApiServer()
    expect(own.apiServerPid()).not.toBe(before)
    expect(own.url).toBe(url)
    expect(await own.get(`${NAMESPACES}/${namespace}`)).toMatchObject({ metadata: { name: namespace } })
    expect(await own.call({ method: 'GET', path: '/openid/v1/jwks', token })).toMatchObject({ status: 200 })
  })

  test('is not started twice', async () => {
    await expect(own.startApiServer()).rejects.toThrow(/runs already/)
  })

  test('gives no answer while it is held, and then does', async () => {
    own.pauseApiServer()
    const call = { method: 'GET', path: '/version', timeoutMs: 300 } as const
    const silence = (): Promise<unknown> =>
      own.call(call).then(
        () => undefined,
        (problem: unknown) => problem,
      )
    // A signal takes a moment to reach every thread: what comes before that is still answered.
    expect(await eventually(silence, 10_000, 'silence')).toMatchObject({ message: expect.stringMatching(/aborted/) })
    own.resumeApiServer()
    expect(await waitUntil(() => own.call(call))).toMatchObject({ status: 200 })
  })

  test('has forgotten what was before a compaction', async () => {
    const { metadata } = await own.get<{ metadata: { resourceVersion: string } }>(NAMESPACES)
    const list = `${NAMESPACES}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`
    expect(await own.call({ method: 'GET', path: list })).toMatchObject({ status: 200 })
    expect(await own.compact()).toBeGreaterThan(Number(metadata.resourceVersion))
    expect(await own.call({ method: 'GET', path: list })).toMatchObject({ status: 410, body: { reason: 'Expired' } })
    const watch = `${NAMESPACES}?watch=1&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`
    expect(await own.call({ method: 'GET', path: watch })).toMatchObject({
      body: { type: 'ERROR', object: { code: 410 } },
    })
  })

  test('says when its etcd has ended, and leaves no process and no folder although it is held', async () => {
    process.kill(own.etcdPid, 'SIGKILL')
    await own.ended
    own.pauseApiServer()
    await own.stop()
    expect([own.apiServerPid(), own.etcdPid].map(isRunning)).toEqual([false, false])
    expect(existsSync(own.folder)).toBe(false)
  })
})

describeOnKubernetes('the end of a Kubernetes API', () => {
  test('comes with that of its parent, however that ends', async () => {
    const { pids, folder } = await runInOtherProcess<{ pids: number[]; folder: string }>({
      module: '/src/dev/kubernetes/index.ts',
      call: 'runKubernetes',
      args: [binaries()],
      tell: '{ pids: [result.apiServerPid(), result.etcdPid], folder: result.folder }',
      ending: 'process.kill(process.pid, "SIGKILL")',
    })
    await vi.waitFor(() => expect(pids.map(isRunning)).toEqual([false, false]), { timeout: 5_000 })
    await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 5_000 })
  })

  test('is early when it cannot start, and says why', async () => {
    const left = leftovers()
    const attempt = runKubernetes(binaries(), { apiServerFlags: ['--no-such-flag'] })
    await expect(attempt).rejects.toThrow(/^kube-apiserver ended; its last words:\n.*unknown flag: --no-such-flag/s)
    expect(left()).toEqual([])
  })
})

describe('without a Kubernetes', () => {
  test('there is an error that names the program', async () => {
    const left = leftovers()
    const none = { apiserver: '/nowhere/a', etcd: '/nowhere/etcd', kubectl: '/nowhere/k', source: 'cache' } as const
    await expect(runKubernetes({ ...none, version: '1.36.3', etcdVersion: '3.6.8' })).rejects.toThrow(
      /^cannot run etcd: .*ENOENT/,
    )
    expect(left()).toEqual([])
  })

  test('an etcd that never gets ready is given up on', async () => {
    const { folder } = fakeMachine()
    const etcd = folder.write('etcd', '#!/bin/sh\necho starting; exec /bin/sleep 60\n', 0o755)
    const programs = {
      apiserver: etcd,
      etcd,
      kubectl: etcd,
      version: '1.36.3',
      etcdVersion: '3.6.8',
      source: 'cache',
    } as const
    await expect(runKubernetes(programs, { readyWithinMs: 200 })).rejects.toThrow(
      /^etcd was not ready within 200 ms; its last words:\n {2}starting$/,
    )
  })
})

function binaries() {
  const found = kubernetesForTests()
  if (found === undefined) throw new Error('skip with describeOnKubernetes')
  return found
}

/** @returns what is left behind in a folder of the test's own. */
function leftovers(): () => string[] {
  const { path } = tempFolder()
  vi.stubEnv('TMPDIR', path)
  onTestFinished(() => void vi.unstubAllEnvs())
  return () => readdirSync(path)
}
