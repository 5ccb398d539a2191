/** Questions of a real cluster, without a bridge: its objects are the policy, alone or beside files. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOnKubernetes, ownKubernetes, type OwnKubernetes } from '../support/kubernetes.ts'
import { nib } from '../support/nib.ts'
import { policyCrds } from '../support/policy-crds.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SHOP = resolve(import.meta.dirname, '../../deploy/demo/policy')

describeOnKubernetes('questions of a cluster', () => {
  let kubernetes: OwnKubernetes

  beforeAll(async () => {
    kubernetes = await ownKubernetes()
    await Promise.all([kubernetes.applyCrds(policyCrds()), kubernetes.applyIstioCrds()])
    await kubernetes.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }])
    await kubernetes.apply(
      readdirSync(SHOP)
        .map((file) => readFileSync(join(SHOP, file), 'utf8'))
        .join('\n---\n'),
    )
  })
  afterAll(() => kubernetes.stop())

  test('are answered from its objects as from the files they came from', async () => {
    const [there, here] = await Promise.all([
      nib(['what-can', 'shop/web', '--kubeconfig', kubernetes.kubeconfig, '--json']),
      nib(['what-can', 'shop/web', '-p', SHOP, '--json']),
    ])
    expect(there.exitCode).toBe(0)
    const [cluster, files] = [JSON.parse(there.out), JSON.parse(here.out)]
    expect(cluster.snapshotId).toBe(files.snapshotId)
    expect(cluster.permissions).toEqual(files.permissions)
  })

  test('say what a candidate would change in it', async () => {
    const folder = tempFolder()
    for (const file of readdirSync(SHOP)) writeFileSync(folder.at(file), readFileSync(join(SHOP, file)))
    const plan = (): ReturnType<typeof nib> =>
      nib(['plan', folder.path, '--kubeconfig', kubernetes.kubeconfig, '--fail-on', 'widen'])
    expect(await plan()).toMatchObject({ exitCode: 0 })
    const http = readFileSync(folder.at('http.yaml'), 'utf8')
    writeFileSync(folder.at('http.yaml'), http.replace('[GET], paths: [/refunds]', '[GET, POST], paths: [/refunds]'))
    const changed = await plan()
    expect(changed.out).toContain('shop.payments.refund')
    expect(changed.exitCode).toBe(2)
  })

  test('take files and cluster together as one policy', async () => {
    const more = tempFolder().write('more.yaml', MORE)
    const why = ['why', 'shop/web', 'publish', 'shop.web.ready']
    const cluster = ['--kubeconfig', kubernetes.kubeconfig]
    expect((await nib([...why, ...cluster])).exitCode).toBe(1)
    expect((await nib([...why, ...cluster, '-p', more])).exitCode).toBe(0)
  })

  test('name the rights that are missing, and answer nothing', async () => {
    const kubeconfig = await kubernetes.kubeconfigFor({ user: 'nobody' })
    const asked = await nib(['drift', '--kubeconfig', kubeconfig])
    expect(asked.exitCode).toBe(2)
    expect(asked.out).toBe('')
    expect(asked.problems).toContain('subjectpolicies.nats-identity-bridge.dev')
    expect(asked.problems).toContain('deploy/kubernetes/rbac.yaml')
  })
})

test('a question of a cluster that is not there says so', async () => {
  const kubeconfig = tempFolder().write('kubeconfig', 'apiVersion: v1\nkind: Config\n')
  const asked = await nib(['drift', '--kubeconfig', kubeconfig])
  expect(asked.exitCode).toBe(2)
  expect(asked.problems).toContain(kubeconfig)
})

test('a question goes to a cluster or to a bridge, not to both', async () => {
  const asked = await nib(['drift', '--kubeconfig', 'k', '--bridge', 'https://bridge.example'])
  expect(asked.exitCode).toBe(2)
  expect(asked.problems).toContain('--kubeconfig and --bridge name different ones to ask')
})

const MORE = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: web, namespace: shop }
spec:
  principals: [{ serviceAccount: shop/web }]
  grants: [{ publish: [shop.web.ready] }]
`
