/** Namespaces and ServiceAccounts of a real cluster, made when they are first needed: no controller makes them here. */
import { readYaml, valueAt } from '../../compile/index.ts'
import { readPolicyFolders } from '../../sources/index.ts'
import { DevError } from '../dev-error.ts'
import { callKubernetes, type KubernetesAccess } from '../kubernetes/index.ts'

export interface ServiceAccountName {
  readonly namespace: string
  readonly name: string
}

export interface Roster {
  /** Those that documents of the folder are in. */
  namespacesOf(folder: string): Promise<void>
  /** Its namespace as well. */
  serviceAccount(name: ServiceAccountName): Promise<void>
}

const CREATED = 201
const CONFLICT = 409

export function createRoster(access: KubernetesAccess): Roster {
  const made = new Map<string, Promise<void>>()

  function once(path: string, object: object): Promise<void> {
    const key = JSON.stringify([path, object])
    const known = made.get(key) ?? create(access, path, object)
    made.set(key, known)
    return known
  }
  const namespace = (name: string): Promise<void> =>
    once('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

  return {
    async namespacesOf(folder) {
      const texts = await readPolicyFolders([folder])
      if (!texts.ok) throw new DevError(`the policy in ${folder} cannot be read`, { diagnostics: texts.error })
      const placed = texts.value
        .flatMap((text) => readYaml(text).objects)
        .map(({ value }) => valueAt(value, ['metadata', 'namespace']))
        .filter((name) => typeof name === 'string')
      await Promise.all([...new Set(placed)].map(namespace))
    },
    async serviceAccount({ namespace: home, name }) {
      await namespace(home)
      const metadata = { name, namespace: home }
      await once(`/api/v1/namespaces/${home}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
    },
  }
}

async function create(access: KubernetesAccess, path: string, object: object): Promise<void> {
  const { status, body } = await callKubernetes(access, { method: 'POST', path, body: object })
  if (status !== CREATED && status !== CONFLICT) throw new DevError(`POST ${path}: ${status} ${JSON.stringify(body)}`)
}
