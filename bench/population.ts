/** The workloads of the bench, as their tokens would make them. */
import { workloadPrincipal, type Principal } from '../src/identity/principal.ts'
import { parseSpiffeId } from '../src/identity/spiffe-id.ts'

export function workloadAt(namespace: string, serviceAccount: string): Principal {
  const id = parseSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

/** Round and round. */
export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new RangeError(`nothing at ${index}`)
  return item
}
