/** Where Kubernetes is looked for, in which order, and what is said when there is none. */
import { describe, expect, test } from 'vitest'
import { findKubernetes, KubernetesUnavailable } from '../../../src/dev/kubernetes/index.ts'
import { KUBERNETES_VERSION } from '../../../src/dev/kubernetes/pins.ts'
import { fakeMachine } from './fake-kubernetes.ts'

async function unavailable(find: Promise<unknown>): Promise<KubernetesUnavailable> {
  try {
    await find
  } catch (problem) {
    if (problem instanceof KubernetesUnavailable) return problem
    throw problem
  }
  throw new Error('one was found')
}

describe('findKubernetes', () => {
  test('takes the folder that NIB_KUBERNETES_ASSETS names before all others', async () => {
    const machine = fakeMachine()
    const own = machine.kubernetes('own', { kubernetes: '1.34.4', etcd: '3.5.30' })
    const KUBEBUILDER_ASSETS = machine.kubernetes('envtest')
    machine.cached()
    const env = { ...machine.env, NIB_KUBERNETES_ASSETS: own, KUBEBUILDER_ASSETS }
    expect(await findKubernetes({ env })).toEqual({
      apiserver: `${own}/kube-apiserver`,
      etcd: `${own}/etcd`,
      kubectl: `${own}/kubectl`,
      version: '1.34.4',
      etcdVersion: '3.5.30',
      source: 'NIB_KUBERNETES_ASSETS',
    })
  })

  test('takes the folder of KUBEBUILDER_ASSETS before the cache', async () => {
    const machine = fakeMachine()
    machine.cached()
    const env = { ...machine.env, KUBEBUILDER_ASSETS: machine.kubernetes('envtest', { kubernetes: '1.35.4' }) }
    expect(await findKubernetes({ env })).toMatchObject({ version: '1.35.4', source: 'KUBEBUILDER_ASSETS' })
  })

  test('takes the cached one when none is named', async () => {
    const machine = fakeMachine()
    machine.cached()
    const found = await findKubernetes({ env: machine.env })
    expect(found).toMatchObject({
      version: KUBERNETES_VERSION,
      source: 'cache',
      apiserver: `${machine.place}/kube-apiserver`,
    })
  })

  test.for([
    ['is not there', undefined, /not found/],
    ['is too old', { kubernetes: '1.31.9' }, /is 1\.31\.9, older than 1\.32\.0/],
    ['is no Kubernetes', { kubernetes: 'none' }, /kube-apiserver does not tell its version/],
    ['has no etcd that answers', { etcd: '' }, /etcd does not tell its version/],
  ] as const)('takes no other when the one that NIB_KUBERNETES_ASSETS names %s', async ([, versions, reason]) => {
    const machine = fakeMachine()
    machine.cached()
    const own = versions === undefined ? machine.folder.at('gone') : machine.kubernetes('own', versions)
    const env = { ...machine.env, NIB_KUBERNETES_ASSETS: own, KUBEBUILDER_ASSETS: machine.kubernetes('envtest') }
    const problem = await unavailable(findKubernetes({ env }))
    expect(problem.message).toMatch(reason)
    expect(problem.tried).toHaveLength(1)
  })

  test('looks further when what KUBEBUILDER_ASSETS names cannot be used', async () => {
    const machine = fakeMachine()
    machine.cached()
    const env = { ...machine.env, KUBEBUILDER_ASSETS: machine.kubernetes('envtest', { kubernetes: '1.28.0' }) }
    expect(await findKubernetes({ env })).toMatchObject({ source: 'cache' })
  })

  test('wants a program of each kind', async () => {
    const machine = fakeMachine()
    machine.cached()
    machine.folder.remove(`${machine.place.slice(machine.folder.path.length + 1)}/kubectl`)
    const problem = await unavailable(findKubernetes({ env: machine.env }))
    expect(problem.message).toMatch(/kubectl not found/)
  })

  test.for([
    [{ kubernetes: '1.36.2' }, /kube-apiserver is 1\.36\.2, not 1\.36\.3/],
    [{ etcd: '3.5.30' }, /etcd is 3\.5\.30, not 3\.6\.8/],
  ] as const)('does not use a cached one of another version: %j', async ([versions, reason]) => {
    const machine = fakeMachine()
    machine.cached(versions)
    const problem = await unavailable(findKubernetes({ env: machine.env }))
    expect(problem.message).toMatch(reason)
  })

  test('names every place it looked in, and the next step', async () => {
    const machine = fakeMachine()
    const problem = await unavailable(findKubernetes({ env: machine.env }))
    expect(problem.message.split('\n')).toEqual([
      `no Kubernetes ${KUBERNETES_VERSION} could be had`,
      '  NIB_KUBERNETES_ASSETS  not set',
      '  KUBEBUILDER_ASSETS     not set',
      `  cache                  nothing to be used in ${machine.place}: kube-apiserver not found`,
    ])
    expect(problem.hint).toMatch(/npm run setup.*nib dev --fetch-only --kubernetes.*NIB_KUBERNETES_ASSETS/)
  })
})
