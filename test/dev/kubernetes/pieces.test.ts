/** The pieces that Kubernetes is put together from: what is pinned, certificates, kubeconfigs, Istio's CRDs, who starts it in a test run. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { createAuthority, openAuthority } from '../../../src/dev/kubernetes/authority.ts'
import { fetchIstioCrds, findIstioCrds } from '../../../src/dev/kubernetes/index.ts'
import { kubeconfigText } from '../../../src/dev/kubernetes/kubeconfig.ts'
import { ETCD_VERSION, KUBERNETES_VERSION } from '../../../src/dev/kubernetes/pins.ts'
import { askForBinaries, askForCluster, setup } from '../../support/kubernetes-broker.ts'
import { nib } from '../../support/nib.ts'
import { routes, serve } from '../local-site.ts'
import { fakeMachine } from './fake-kubernetes.ts'

describe('the Go modules that Kubernetes is built from', () => {
  const read = (name: string) => readFileSync(`${import.meta.dirname}/../../../deploy/dev/kubernetes/${name}`, 'utf8')
  const modules = read('go.mod')

  test('are those of the versions that are asked for', () => {
    const staging = KUBERNETES_VERSION.replace(/^1/, '0')
    expect(modules).toContain(`require k8s.io/kubernetes v${KUBERNETES_VERSION}\n`)
    expect(modules).toMatch(new RegExp(`go\\.etcd\\.io/etcd/server/v3 v${ETCD_VERSION}\\b`))
    const replaced = [...modules.matchAll(/^\t(k8s\.io\/\S+) => (\S+) v(\S+)$/gm)]
    expect(replaced.length).toBeGreaterThan(30)
    for (const [, from, to, version] of replaced) expect([to, version]).toEqual([from, staging])
  })

  test('are pinned by hash, every one', () => {
    const pinned = new Set([...read('go.sum').matchAll(/^(\S+ \S+?)(?:\/go\.mod)? h1:/gm)].map(([, name]) => name))
    const required = [...modules.matchAll(/^(?:require |\t)(\S+) (v\S+)/gm)].map(
      ([, path, version]) => `${path} ${version}`,
    )
    expect(required.length).toBeGreaterThan(200)
    expect(required.filter((one) => !pinned.has(one))).toEqual([])
  })
})

describe('certificates of a cluster', () => {
  const authority = createAuthority()

  test('are of an authority that may issue them, and are verified by it', () => {
    const root = new X509Certificate(authority.certificate)
    const { certificate, key } = authority.client({ commonName: 'jo', organizations: ['ops', 'sré'] })
    const leaf = new X509Certificate(certificate)
    expect(root.ca).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkIssued(root)).toBe(true)
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.subject.split('\n')).toEqual(['O=ops', 'O=sré', 'CN=jo'])
    expect(leaf.publicKey.export({ type: 'spki', format: 'der' })).not.toEqual(
      root.publicKey.export({ type: 'spki', format: 'der' }),
    )
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  test('of a server name it', () => {
    const names = { dnsNames: ['localhost', 'kubernetes.default.svc'], addresses: ['127.0.0.1'] }
    const server = new X509Certificate(authority.server('kube-apiserver', names).certificate)
    expect(server.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc')
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(server.checkIP('127.0.0.2')).toBeUndefined()
    const now = Date.now()
    expect(Date.parse(server.validFrom)).toBeLessThan(now)
    expect(Date.parse(server.validTo)).toBeGreaterThan(now)
  })

  test('can be issued by one that was written down', () => {
    const again = openAuthority({ certificate: authority.certificate, key: authority.key })
    const leaf = new X509Certificate(again.client({ commonName: 'jo' }).certificate)
    expect(leaf.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
  })
})

test.for([
  [{ token: 't' }, { token: 't' }],
  [{ tokenFile: '/run/token' }, { tokenFile: '/run/token' }],
  [
    { certificate: 'C', key: 'K' },
    { 'client-certificate-data': 'Qw==', 'client-key-data': 'Sw==' },
  ],
])('a kubeconfig holds one context, with a user of %j', ([user, written]) => {
  const text = kubeconfigText({
    url: 'https://127.0.0.1:1',
    authority: 'A',
    user: user as { token: string },
    namespace: 'shop',
  })
  expect(parse(text)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'nib', cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': 'QQ==' } }],
    users: [{ name: 'nib', user: written }],
    contexts: [{ name: 'nib', context: { cluster: 'nib', user: 'nib', namespace: 'shop' } }],
    'current-context': 'nib',
  })
})

const known = (await findIstioCrds()) ?? ''

describe("Istio's CRDs", () => {
  test('are taken from nobody who gives another file', async () => {
    const machine = fakeMachine()
    const repositoryUrl = await serve(
      routes({ 'customresourcedefinitions.gen.yaml': 'kind: CustomResourceDefinition' }),
    )
    await expect(fetchIstioCrds({ env: machine.env, repositoryUrl })).rejects.toThrow(
      /repository +its SHA-256 is not the one pinned for it\n +go module +go not found/,
    )
    expect(await findIstioCrds(machine.env)).toBeUndefined()
  })

  test.skipIf(known === '')('come by way of Go where the repository cannot be reached, and are kept', async () => {
    const machine = fakeMachine()
    machine.folder.write('module/kubernetes/customresourcedefinitions.gen.yaml', readFileSync(known, 'utf8'))
    const answer = JSON.stringify({ Dir: machine.folder.at('module') })
    machine.folder.write('bin/go', `#!/bin/sh\necho '${answer}'\n`, 0o755)
    const fetched = await fetchIstioCrds({ env: machine.env, repositoryUrl: 'http://127.0.0.1:3' })
    expect(readFileSync(fetched, 'utf8')).toBe(readFileSync(known, 'utf8'))
    expect(await findIstioCrds(machine.env)).toBe(fetched)
    expect(readdirSync(machine.folder.at('cache/istio-crds/1.31.1'))).toEqual(['crds.yaml'])
  })
})

describe('the broker of a test run', () => {
  test('looks once, starts nothing before it is asked to, and goes without a trace', async () => {
    const given: string[] = []
    const teardown = await setup({ provide: (_, socket) => given.push(socket) })
    const [socket = ''] = given
    expect(await askForBinaries(socket)).toEqual(await askForBinaries(inject('kubernetesBroker')))
    await teardown()
    expect(existsSync(socket)).toBe(false)
    await expect(askForCluster(socket)).rejects.toThrow(/ENOENT/)
  })
})

test('nib dev gets Kubernetes only when told to get and do nothing else', async () => {
  expect(await nib(['dev', '--kubernetes'])).toMatchObject({
    exitCode: 2,
    problems: expect.stringMatching(/--kubernetes goes with --fetch-only/),
  })
})
