/** From grants as a person writes them to the permissions that a user JWT would carry, for a server of a given version. */
import { createHash } from 'node:crypto'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Permissions } from '../../src/policy/decision.ts'
import { deliveryFilterOf } from '../../src/policy/delivery-filter.ts'
import { compileText } from '../compile/support.ts'

export interface CompiledGrants {
  readonly permissions: Permissions
  readonly inboxPrefix: string
}

const decide = createDecide((text) => createHash('sha256').update(text).digest('hex'))
const POLICY = 'apiVersion: nats-identity-bridge.dev/v1alpha1'

export interface Tried {
  /** Items of `grants:`, one for each line, as YAML. */
  readonly grants: readonly string[]
  /** Of a DENY beside it. */
  readonly deny?: readonly string[]
  /** Reaches that the ALLOW waives. */
  readonly waive?: string
}

/** @throws when they do not compile without an error. */
export function compileGrants({ grants, deny = [], waive }: Tried, serverVersion: string): CompiledGrants {
  const text = [
    `${POLICY}\nkind: AccountMap\nmetadata: {name: accounts}`,
    'spec: {accounts: [{account: SHOP, principals: [{namespace: shop}]}]}',
    ...policyOf('tried', 'ALLOW', grants, waive),
    ...(deny.length === 0 ? [] : policyOf('denied', 'DENY', deny)),
  ].join('\n')
  const { snapshot, diagnostics } = compileText(text)
  const mistakes = diagnostics.filter(({ severity }) => severity !== 'info')
  if (snapshot === undefined || mistakes.length > 0) throw new Error(`${text}\n${JSON.stringify(mistakes, null, 2)}`)
  const id = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/tried')
  if (!id.ok) throw new Error(id.error)
  const decision = decide(snapshot, workloadPrincipal(id.value))
  if (decision.effect !== 'allow') throw new Error(decision.code)
  const filter = deliveryFilterOf(serverVersion)
  // Denies cut more on old servers, and the engine says so.
  if (deny.length === 0 && decision.shortfalls[filter].length > 0)
    throw new Error(JSON.stringify(decision.shortfalls[filter]))
  return { permissions: decision.permissions[filter], inboxPrefix: decision.inboxPrefix }
}

function policyOf(name: string, action: string, grants: readonly string[], waive?: string): string[] {
  const annotations = waive === undefined ? '' : `, annotations: {nats-identity-bridge.dev/waive: '${waive}'}`
  return [
    `---\n${POLICY}\nkind: SubjectPolicy`,
    `metadata: {name: ${name}, namespace: shop${annotations}}`,
    `spec:\n  action: ${action}\n  principals: [{namespace: shop}]\n  grants:`,
    ...grants.map((grant) => `    - ${grant}`),
  ]
}
