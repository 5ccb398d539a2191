/** What a platform team applies: whole, taken by the real API server as it stands, and with a configuration that our own reader takes. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { describeOnKubernetes, sharedKubernetes, type TestKubernetes } from '../support/kubernetes.ts'
import { crdFiles } from './support/admission.ts'
import { DEPLOY, manifest, manifestsIn, manifestsOf } from './support/manifests.ts'

interface Pod {
  readonly metadata: JsonObject
  readonly spec: {
    readonly securityContext: JsonObject
    readonly containers: readonly { readonly args: readonly string[]; readonly [other: string]: unknown }[]
  }
}
const deployment = manifest<{ readonly spec: { readonly template: Pod } }>('kubernetes/bridge.yaml', 'Deployment')
const configMap = manifest<{ readonly data: Readonly<Record<string, string>> }>('kubernetes/config.yaml', 'ConfigMap')

describe('deploy/kubernetes', () => {
  test('has every file in its kustomization', () => {
    const { resources } = manifest<{ resources: string[] }>('kubernetes/kustomization.yaml', 'Kustomization')
    const files = readdirSync(join(DEPLOY, 'kubernetes'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
      .toSorted()
    expect(resources.toSorted()).toEqual(files)
  })

  test('configures the bridge with what our own reader takes without a remark', () => {
    const text = configMap.data['bridge.yaml'] ?? ''
    const read = parseConfig({ file: 'bridge.yaml', text }, (path) => path)
    expect(read.ok ? read.value.diagnostics : read.error).toEqual([])
  })

  test('starts the bridge with that file, where the volume puts it', () => {
    const [container] = deployment.spec.template.spec.containers
    const mounts = JSON.stringify(container?.['volumeMounts'])
    expect(container?.args).toEqual(['serve', '--config', '/etc/nib/config/bridge.yaml'])
    expect(mounts).toContain('"mountPath":"/etc/nib/config"')
    for (const [, folder] of (configMap.data['bridge.yaml'] ?? '').matchAll(/(\/etc\/nib\/[a-z]+)\//g)) {
      expect(mounts).toContain(`"mountPath":"${folder}"`)
    }
  })

  test('speaks of no registry', () => {
    expect(JSON.stringify(deployment)).not.toMatch(/"image":"[^"]*\//)
  })
})

describe('every Kubernetes object of deploy', () => {
  // Tekton's API is not part of Kubernetes; what its Task runs is tried by itself.
  const tried = /^(?:kubernetes|demo\/policy|examples\/policy|pipelines)\//
  const ours = new Set(['BridgeConfig', 'PolicyTest'])

  test('is one that a test knows', () => {
    const others = manifestsIn('.').filter(({ file, kind }) => !tried.test(file) && !ours.has(kind))
    expect(others.map(({ file }) => file)).toEqual([])
  })
})

describeOnKubernetes('the API server', () => {
  let kubernetes: TestKubernetes

  beforeAll(async () => {
    kubernetes = await sharedKubernetes()
    await kubernetes.applyCrds(crdFiles())
    await kubernetes.applyIstioCrds()
    await kubernetes.kubectl([
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      join(DEPLOY, 'kubernetes/namespace.yaml'),
    ])
    for (const name of ['shop', 'platform']) {
      await kubernetes.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }])
    }
  })

  test('takes deploy/kubernetes as kubectl makes it of the kustomization', async () => {
    const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-o', 'name', '-k']
    const out = await kubernetes.kubectl([...args, join(DEPLOY, 'kubernetes')])
    const objects = manifestsIn('kubernetes').filter(({ kind }) => kind !== 'Kustomization')
    expect(out.trim().split('\n')).toHaveLength(objects.length)
  })

  test.each(['demo/policy', 'examples/policy'])('takes deploy/%s', async (folder) => {
    const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-o', 'name', '-f']
    const out = await kubernetes.kubectl([...args, join(DEPLOY, folder)])
    expect(out.trim().split('\n')).toHaveLength(manifestsIn(folder).length)
  })

  test('lets the pod into a namespace that enforces the restricted standard, and one with less care not', async () => {
    const name = 'nats-identity-bridge'
    await kubernetes.apply(
      manifestsOf('kubernetes/rbac.yaml').flatMap(({ kind, value }) => (kind === 'ServiceAccount' ? [value] : [])),
    )
    const { metadata, spec } = deployment.spec.template
    const create = (pod: JsonObject) =>
      kubernetes.call({
        method: 'POST',
        path: `/api/v1/namespaces/${name}/pods?dryRun=All`,
        body: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'one', namespace: name }, spec: pod },
      })
    expect((await create(spec as unknown as JsonObject)).body).toMatchObject({ kind: 'Pod' })
    const careless = await create({ ...(spec as unknown as JsonObject), securityContext: {} })
    expect(careless.status).toBe(403)
    expect(JSON.stringify(careless.body)).toContain('runAsNonRoot')
  })
})
