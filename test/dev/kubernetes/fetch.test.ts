/** Kubernetes over a network that is there, is cut, or lies, and from a compiler: nothing appears that was not checked. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fetchKubernetes, KubernetesUnavailable } from '../../../src/dev/kubernetes/index.ts'
import { ETCD_VERSION, KUBERNETES_VERSION } from '../../../src/dev/kubernetes/pins.ts'
import { routes, serve } from '../local-site.ts'
import { fakeMachine, platform, scripts, type FakeMachine } from './fake-kubernetes.ts'

/** Nobody listens there. */
const NOWHERE = { kubernetesUrl: 'http://127.0.0.1:3', etcdUrl: 'http://127.0.0.1:3', answerMs: 500, totalMs: 2_000 }
const ARCHITECTURE = platform.endsWith('arm64') ? 'arm64' : 'amd64'
const ARCHIVE = `etcd-v${ETCD_VERSION}-linux-${ARCHITECTURE}.tar.gz`

type Files = Record<string, string | Buffer>

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** What the two projects publish. */
function published(machine: FakeMachine): Files {
  const { etcd, 'kube-apiserver': apiserver, kubectl } = scripts()
  const name = ARCHIVE.replace('.tar.gz', '')
  machine.folder.write(`pack/${name}/etcd`, etcd, 0o755)
  const packed = machine.folder.at('pack/archive')
  execFileSync('tar', ['-czf', packed, '-C', machine.folder.at('pack'), name])
  const archive = readFileSync(packed)
  return {
    'kube-apiserver': apiserver,
    'kube-apiserver.sha256': sha256(apiserver),
    kubectl,
    'kubectl.sha256': `${sha256(kubectl)}\n`,
    [ARCHIVE]: archive,
    SHA256SUMS: `${sha256(archive)}  ${ARCHIVE}\n${'0'.repeat(64)}  etcd-v${ETCD_VERSION}-linux-s390x.tar.gz\n`,
  }
}

async function sites(files: Files, asked: string[] = []) {
  const answer = routes(files)
  const url = await serve((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  return { ...NOWHERE, kubernetesUrl: `${url}/k`, etcdUrl: `${url}/e` }
}

function machineWithTar(): FakeMachine {
  const machine = fakeMachine()
  for (const name of ['tar', 'gzip']) {
    const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    symlinkSync(path, machine.folder.at(`bin/${name}`))
  }
  return machine
}

describe.skipIf(!platform.startsWith('linux'))('the official releases', () => {
  test('are installed when each file is what is published beside it', async () => {
    const machine = machineWithTar()
    const asked: string[] = []
    const releases = await sites(published(machine), asked)
    const found = await fetchKubernetes({ env: machine.env, releases })
    expect(found).toMatchObject({ version: KUBERNETES_VERSION, etcdVersion: ETCD_VERSION, source: 'official release' })
    expect(asked.toSorted()).toEqual(
      [
        `/e/v${ETCD_VERSION}/${ARCHIVE}`,
        `/e/v${ETCD_VERSION}/SHA256SUMS`,
        ...['kube-apiserver', 'kube-apiserver.sha256', 'kubectl', 'kubectl.sha256'].map(
          (name) => `/k/v${KUBERNETES_VERSION}/bin/linux/${ARCHITECTURE}/${name}`,
        ),
      ].toSorted(),
    )
    expect(readdirSync(machine.place).toSorted()).toEqual(['etcd', 'kube-apiserver', 'kubectl'])
    expect(await fetchKubernetes({ env: machine.env, releases: NOWHERE })).toMatchObject({ source: 'cache' })
  })

  test.for([
    ['kube-apiserver is another one', { 'kube-apiserver': '#!/bin/sh\necho malware' }, /SHA-256 of \S+kube-apiserver/],
    ['kubectl is another one', { kubectl: '#!/bin/sh\necho malware' }, /SHA-256 of \S+kubectl/],
    ['the checksum is a page', { 'kubectl.sha256': '<html>sign in</html>' }, /SHA-256 of kubectl is none/],
    ["etcd's archive is another one", { [ARCHIVE]: 'malware' }, /SHA-256 of \S+tar\.gz/],
    ['etcd is not listed', { SHA256SUMS: '' }, /SHA256SUMS of etcd does not list/],
    ["etcd's archive is empty", emptyArchive, /there is no etcd in/],
  ] as const)('are not installed when %s', async ([, change, reason]) => {
    const machine = machineWithTar()
    const files = published(machine)
    Object.assign(files, typeof change === 'function' ? change(machine) : change)
    const attempt = fetchKubernetes({ env: machine.env, releases: await sites(files) })
    const problem = await attempt.catch((thrown: unknown) => thrown)
    expect(problem).toBeInstanceOf(KubernetesUnavailable)
    const { message } = problem as KubernetesUnavailable
    expect(message).toMatch(reason)
    expect(message).not.toMatch(/malware|html/)
    expect(readdirSync(machine.place)).toEqual([])
  })

  test('are given up on when there is no answer in time, and Go compiles', async () => {
    const machine = fakeMachine()
    machine.compiler()
    const url = await serve(() => undefined)
    const said: string[] = []
    const releases = { ...NOWHERE, kubernetesUrl: url }
    const found = await fetchKubernetes({ env: machine.env, releases, progress: (line) => said.push(line) })
    expect(found).toMatchObject({ source: 'go build' })
    expect(said.join('\n')).toMatch(/official release: 127\.0\.0\.1:\d+: no answer within 1 s/)
  })
})

describe('the build by Go', () => {
  test('makes the three programs with modules that are pinned by hash, and says what it does', async () => {
    const machine = fakeMachine()
    machine.compiler()
    const said: string[] = []
    const { env } = machine
    const found = await fetchKubernetes({ env, releases: NOWHERE, progress: (line) => said.push(line) })
    expect(found).toMatchObject({ version: KUBERNETES_VERSION, source: 'go build' })
    expect(readFileSync(machine.folder.at('builds'), 'utf8').trim().split('\n')).toEqual(
      ['k8s.io/kubernetes/cmd/kube-apiserver', 'k8s.io/kubernetes/cmd/kubectl', 'go.etcd.io/etcd/server/v3'].map(
        (path) => `${path} -mod=readonly -trimpath -buildvcs=false`,
      ),
    )
    expect(said).toContain(`kubernetes ${KUBERNETES_VERSION}: compiling kube-apiserver …`)
    expect(said.at(-1)).toBe(`kubernetes ${KUBERNETES_VERSION}: installed (go build) in ${machine.place}`)
  })

  test('is done once when several ask at once, and leaves nothing but the programs', async () => {
    const machine = fakeMachine()
    machine.compiler()
    const said: string[] = []
    const { env } = machine
    const ask = () => fetchKubernetes({ env, releases: NOWHERE, progress: (line) => said.push(line) })
    const found = await Promise.all([ask(), ask(), ask()])
    expect(found.map(({ source }) => source).toSorted()).toEqual(['cache', 'cache', 'go build'])
    expect(readFileSync(machine.folder.at('builds'), 'utf8').trim().split('\n')).toHaveLength(3)
    expect(said.filter((line) => line.includes('another process'))).toHaveLength(2)
    expect(readdirSync(machine.place).toSorted()).toEqual(['etcd', 'kube-apiserver', 'kubectl'])
    expect(existsSync(`${machine.place}.lock`)).toBe(false)
  })

  test('does not wait for an owner of the lock who is gone', async () => {
    const machine = fakeMachine()
    machine.compiler()
    // Above the largest process id that Linux and macOS give.
    machine.folder.write(`${machine.place.slice(machine.folder.path.length + 1)}.lock`, '99999999')
    expect(await fetchKubernetes({ env: machine.env, releases: NOWHERE })).toMatchObject({ source: 'go build' })
  })

  test('installs nothing that answers with another version', async () => {
    const machine = fakeMachine()
    machine.compiler({ etcd: '3.4.23' })
    const attempt = fetchKubernetes({ env: machine.env, releases: NOWHERE })
    await expect(attempt).rejects.toThrow(/go build +etcd is 3\.4\.23, not 3\.6\.8/)
    expect(readdirSync(machine.place)).toEqual([])
  })

  test('replaces what is broken in the cache', async () => {
    const machine = fakeMachine()
    machine.cached({ etcd: '' })
    machine.compiler()
    expect(await fetchKubernetes({ env: machine.env, releases: NOWHERE })).toMatchObject({ source: 'go build' })
  })

  test('takes no place of what NIB_KUBERNETES_ASSETS names', async () => {
    const machine = fakeMachine()
    machine.compiler()
    const env = { ...machine.env, NIB_KUBERNETES_ASSETS: machine.folder.at('gone') }
    await expect(fetchKubernetes({ env, releases: NOWHERE })).rejects.toThrow(/gone\/kube-apiserver not found/)
    expect(existsSync(dirname(machine.place))).toBe(false)
  })

  test('is missed by name where there is no Go, with every other way', async () => {
    const { env } = fakeMachine()
    const problem = await fetchKubernetes({ env, releases: NOWHERE }).catch((thrown: unknown) => thrown)
    expect((problem as KubernetesUnavailable).tried.map(({ way }) => way)).toEqual([
      'NIB_KUBERNETES_ASSETS',
      'KUBEBUILDER_ASSETS',
      'cache',
      'official release',
      'go build',
    ])
    expect((problem as KubernetesUnavailable).message).toMatch(/go build +go not found/)
  })

  test('says that the cache folder is none', async () => {
    const machine = fakeMachine()
    const NIB_CACHE = machine.folder.write('file', '')
    const attempt = fetchKubernetes({ env: { ...machine.env, NIB_CACHE }, releases: NOWHERE })
    await expect(attempt).rejects.toThrow(/cannot be written: E/)
  })
})

function emptyArchive(machine: FakeMachine): Files {
  const name = ARCHIVE.replace('.tar.gz', '')
  machine.folder.write(`empty/${name}/README.md`, 'nothing')
  const packed = machine.folder.at('empty/archive')
  execFileSync('tar', ['-czf', packed, '-C', machine.folder.at('empty'), name])
  const archive = readFileSync(packed)
  return { [ARCHIVE]: archive, SHA256SUMS: `${sha256(archive)}  ${ARCHIVE}\n` }
}
