/** Short forms for tests of the evaluator: a policy from its spec, a decision from policies and a request. */
import {
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  readAuthorizationPolicy,
  selectPolicies,
  type Mesh,
  type PolicyWorkload,
  type RequestFacts,
  type Transport,
} from '../../src/istio/index.ts'
import type { Json, JsonObject } from '../../src/lib/json.ts'

export interface Place {
  readonly mesh?: Partial<Mesh>
  readonly workload?: PolicyWorkload
  readonly transport?: Transport
}

export const WORKLOAD: PolicyWorkload = { namespace: 'shop', labels: { app: 'orders' } }

export function document(spec: Json, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop', ...metadata },
    spec,
  }
}

/** As a proxy has it: what only Istio's webhook would refuse is compiled. */
export function decide(policies: readonly JsonObject[], request: RequestFacts, place: Place = {}): string {
  const { workload = WORKLOAD, transport = 'http' } = place
  const mesh = { ...DEFAULT_MESH, ...place.mesh }
  const read = policies.map((policy) => {
    const { policy: parsed, broken } = readAuthorizationPolicy(policy)
    if (parsed === undefined) throw new Error(JSON.stringify(broken))
    return parsed
  })
  const attributes = completeRequest(request, transport)
  if (attributes === undefined) return 'bad request'
  const { enforced } = compilePolicies(selectPolicies(read, workload, mesh), { mesh, transport })
  const { decision, decidedBy } = evaluate(enforced, attributes)
  return `${decision} ${decidedBy}`
}

/** Whether one ALLOW policy with one rule lets the request in. */
export function allows(rule: JsonObject, request: RequestFacts, place: Place = {}): boolean {
  return decide([document({ rules: [rule] })], request, place).startsWith('allow')
}

export function fromSource(source: JsonObject): JsonObject {
  return { from: [{ source }] }
}

export function toOperation(operation: JsonObject): JsonObject {
  return { to: [{ operation }] }
}

export function when(key: string, values: readonly string[], notValues: readonly string[] = []): JsonObject {
  return { when: [{ key, values, notValues }] }
}
