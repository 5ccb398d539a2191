/** docs/kubernetes.md shows what the real kubectl says, while the bridge follows the cluster. REFRESH_GOLDEN=1 writes the page anew. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCompiler } from '../../src/compile/index.ts'
import { openCluster, type Cluster } from '../../src/kube/index.ts'
import { describeOnKubernetes, ownKubernetes, waitUntil } from '../support/kubernetes.ts'
import { openAdmission } from './support/admission.ts'
import { DEPLOY, manifest } from './support/manifests.ts'

const ROOT = dirname(DEPLOY)
const PAGE = resolve(ROOT, 'docs/kubernetes.md')
const SHOWN = /^```console\n([\s\S]*?)^```$/gm
/** A command, with the text that it reads. */
const COMMAND = /^\$ (.*<<EOF\n[\s\S]*?^EOF|.*)\n/gm

test('docs/kubernetes.md lists the rights of the bridge as they are', () => {
  interface Rule {
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
  }
  const { rules } = manifest<{ readonly rules: readonly Rule[] }>('kubernetes/rbac.yaml', 'ClusterRole')
  const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| `([a-z, ]+)` +\| `([^`]+)` of (?:`([^`]+)`|the core group)/gm)
  expect([...rows].map(([, verbs, resources, group = '']) => [verbs, resources, group])).toEqual(
    rules.map(({ verbs, resources, apiGroups }) => [verbs.join(', '), resources.join(', '), apiGroups.join(', ')]),
  )
})

describeOnKubernetes('docs/kubernetes.md', () => {
  let kubernetes: Awaited<ReturnType<typeof ownKubernetes>> | undefined
  let cluster: Cluster | undefined

  beforeAll(async () => {
    kubernetes = await ownKubernetes()
    await openAdmission(kubernetes)
    await kubernetes.applyIstioCrds()
    const namespaces = ['shop', 'platform', 'payments']
    await kubernetes.apply(namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })))
    follow(kubernetes.kubeconfig)
  })
  afterAll(async () => {
    cluster?.close()
    await kubernetes?.stop()
  })

  /** As the bridge does: every change is compiled, and its objects are told. */
  function follow(kubeconfigFile: string): void {
    const compile = createCompiler({
      trustDomains: { local: 'cluster.local', aliases: [] },
      forbiddenAccounts: ['AUTH'],
      hash: (text) => createHash('sha256').update(text).digest('hex'),
    })
    let inForce: ReadonlySet<object> = new Set()
    const onChange = (): void => {
      const objects = cluster?.objects()
      if (objects === undefined) return
      const { snapshot, diagnostics } = compile([], objects)
      if (snapshot !== undefined) inForce = new Set(objects)
      cluster?.judged({ diagnostics, inForce: new Set(objects.filter((object) => inForce.has(object))) })
    }
    cluster = openCluster({ kubeconfigFile, status: true }, { onChange, now: Date.now, chance: Math.random })
  }

  /** Both outputs, as a terminal shows them. */
  function run(command: string): Promise<string> {
    const env = {
      PATH: `${dirname(kubernetes?.kubectlFile ?? '')}:/usr/bin:/bin`,
      KUBECONFIG: kubernetes?.kubeconfig,
      HOME: join(kubernetes?.folder ?? '', 'home'),
    }
    return new Promise((done) => {
      execFile('/bin/sh', ['-c', command], { cwd: ROOT, env }, (_error, out, problems) => done(`${problems}${out}`))
    })
  }

  /** The bridge has said of every object as it is what it has to say. */
  async function settled(): Promise<void> {
    interface Told {
      readonly metadata: { readonly generation: number }
      readonly status?: { readonly observedGeneration?: number }
    }
    await waitUntil(
      async () => {
        const { items } = JSON.parse((await kubernetes?.kubectl(['get', 'nats', '-A', '-o', 'json'])) ?? '') as {
          items: Told[]
        }
        return items.every(({ metadata, status }) => status?.observedGeneration === metadata.generation)
      },
      { awaited: 'the status of every object' },
    )
  }

  test('shows what its commands print', async () => {
    let page = readFileSync(PAGE, 'utf8')
    for (const [whole, block = ''] of page.matchAll(SHOWN)) {
      const printed: string[] = []
      for (const [, command = ''] of block.matchAll(COMMAND)) {
        await settled()
        printed.push(`$ ${command}\n${steady(await run(command))}`)
      }
      page = page.replace(whole, () => `\`\`\`console\n${printed.join('')}\`\`\``)
    }
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(PAGE, page)
    expect(readFileSync(PAGE, 'utf8')).toBe(page)
  })
})

/** Without what is another one in every run; the API server tells mistakes in any order. */
function steady(text: string): string {
  return text
    .replaceAll(/ +$/gm, '')
    .replaceAll(/(?<=\S {2,})(?:\d+[hms])+$/gm, '2s')
    .replaceAll(/(?:^\* .*\n)+/gm, (mistakes) =>
      mistakes
        .split(/^(?=\* )/m)
        .toSorted()
        .join(''),
    )
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-01-01T00:00:00Z')
    .replaceAll(/uid: \S+/g, 'uid: 5f1c2ad0-7c1f-4c0e-9b61-6a2d0e3f4b5a')
    .replaceAll(/resourceVersion: "\d+"/g, 'resourceVersion: "217"')
}
