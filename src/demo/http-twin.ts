/**
 * The same thing over HTTP: what Istio, with the policies that lie in the folder now, lets through at the workload's sidecar.
 * Asked of the HTTP evaluator alone, which knows nothing of subjects; the operations are named here once more, not read off the routes.
 */
import { readAuthorizationPolicies } from '../compile/index.ts'
import type { Principal } from '../identity/principal.ts'
import {
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  selectPolicies,
  type AuthorizationPolicy,
} from '../istio/index.ts'
import { readPolicyFolders } from '../sources/index.ts'

export interface HttpAnswer {
  /** `POST /refunds` */
  readonly operation: string
  readonly allowed: boolean
  /** Istio's name of the rule, or why there is none. */
  readonly decidedBy: string
}

export interface HttpTwin {
  /** @returns `undefined` for a subject that stands for no operation. */
  ask(principal: Principal, subject: string): Promise<HttpAnswer | undefined>
}

interface HttpOperation {
  readonly app: string
  readonly method: string
  readonly path: string
}

const NAMESPACE = 'shop'
const PORT = 8080
const OPERATIONS: ReadonlyMap<string, HttpOperation> = new Map([
  ['shop.orders.create', { app: 'orders', method: 'POST', path: '/orders' }],
  ['shop.orders.1001.status', { app: 'orders', method: 'GET', path: '/orders/1001' }],
  ['shop.payments.charge', { app: 'payments', method: 'POST', path: '/charges' }],
  ['shop.payments.refund', { app: 'payments', method: 'POST', path: '/refunds' }],
  ['shop.payments.refunds', { app: 'payments', method: 'GET', path: '/refunds' }],
])

export function createHttpTwin(policyFolder: string, trustDomain: string): HttpTwin {
  const mesh = { ...DEFAULT_MESH, trustDomain }
  return {
    async ask({ workload, requestAuth }, subject) {
      const operation = OPERATIONS.get(subject)
      if (operation === undefined) return undefined
      const { app, method, path } = operation
      const sidecar = { namespace: NAMESPACE, labels: { app } }
      const selected = selectPolicies(await readPolicies(policyFolder), sidecar, mesh)
      const request = completeRequest(
        {
          method,
          path,
          destPort: PORT,
          host: `${app}.${NAMESPACE}.svc.cluster.local`,
          ...(workload !== undefined && { principal: workload.spiffeId.uri }),
          ...(requestAuth !== undefined && { claims: requestAuth.claims }),
        },
        'http',
      )
      if (request === undefined) throw new Error(`Envoy refuses ${method} ${path}`)
      const { decision, decidedBy } = evaluate(compilePolicies(selected, { mesh, transport: 'http' }).enforced, request)
      return { operation: `${method} ${path}`, allowed: decision === 'allow', decidedBy }
    },
  }
}

async function readPolicies(folder: string): Promise<readonly AuthorizationPolicy[]> {
  const texts = await readPolicyFolders([folder])
  if (!texts.ok) throw new Error(texts.error.map(({ message }) => message).join('\n'))
  const { policies, diagnostics } = readAuthorizationPolicies(texts.value)
  if (policies === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return policies.map(({ policy }) => policy)
}
