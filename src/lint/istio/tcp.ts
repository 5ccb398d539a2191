/**
 * Policies with HTTP conditions on ports that carry none: NATS above all, which a policy for a namespace easily shuts. Pure.
 * On TCP, Istio drops an ALLOW rule that asks anything of HTTP, and only the condition from a DENY rule.
 */
import { isList, valueAt } from '../../compile/index.ts'
import {
  compilePolicies,
  parseAuthorizationPolicy,
  selectPolicies,
  type AuthorizationPolicy,
  type SidecarWorkload,
} from '../../istio/index.ts'
import type { Json } from '../../lib/json.ts'
import type { LintDocument } from '../documents.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { valuesOf, type PolicyView } from './policy-view.ts'

const NATS_PORT = 4222
const NATS_LABEL = /^nats(-server|-cluster|-broker)?$/
const NATS_IMAGE = /(^|\/)nats(-server)?(:|@|$)/
const WORKLOADS: ReadonlySet<string> = new Set(['StatefulSet', 'Deployment', 'DaemonSet', 'Pod'])

export const istioShutsNats: Rule = {
  code: 'istio-shuts-nats',
  severity: 'error',
  title: 'policy with HTTP conditions on NATS pods',
  why: 'NATS is TCP to Istio. An ALLOW rule with methods, paths, hosts, headers or claims is dropped there, and an ALLOW policy without rules denies everything; a DENY loses the condition and denies more, mostly everything. The broker is shut, for all clients.',
  mend: 'keep NATS pods out of the selector; for them write rules of principals, namespaces and ports alone',
  check: (estate) => {
    const { mesh } = estate
    const documents = new Map<AuthorizationPolicy, LintDocument>()
    for (const { document } of estate.policies) {
      const { policy } = parseAuthorizationPolicy(document.object.value, { unknownConditions: 'keep' })
      if (policy !== undefined) documents.set(policy, document)
    }
    return brokersIn(estate).flatMap((broker) => {
      const selected = selectPolicies([...documents.keys()], broker, mesh)
      const { enforced, losses } = compilePolicies(selected, { mesh, transport: 'tcp' })
      const isShut = enforced.hasAllow && enforced.allow.length === 0
      return losses.flatMap(({ policy, rule, lost, effect }): Suspicion[] => {
        const document = documents.get(policy)
        if (document === undefined || policy.dryRun || policy.action === 'AUDIT') return []
        const at = { document, path: ['spec', 'rules', rule] }
        const what = lost.join(', ')
        if (effect !== 'dropped')
          return [{ at, message: `on NATS pods this rule loses ${what} and denies more than it says` }]
        const then = isShut ? 'and with it every connection is denied' : 'and lets nobody in'
        const severity = isShut ? 'error' : 'warning'
        return [{ at, message: `on NATS pods this rule is dropped for ${what}, ${then}`, severity }]
      })
    })
  },
}

/** Pods that are plainly NATS, and what the policies themselves call so. */
function brokersIn({ documents, policies }: Estate): SidecarWorkload[] {
  const brokers = [
    ...documents.filter(({ kind }) => WORKLOADS.has(kind)).flatMap(brokerOf),
    ...policies
      .filter(({ labels, targetRefs }) => targetRefs.length === 0 && Object.values(labels).some(isNats))
      .map(({ namespace, labels }) => ({ namespace, labels })),
    ...policies
      .filter(({ namespace }) => isNats(namespace))
      .map(({ namespace }) => ({ namespace, labels: { 'app.kubernetes.io/name': 'nats' } })),
  ]
  return [...new Map(brokers.map((broker) => [JSON.stringify(broker), broker])).values()]
}

function isNats(text: string): boolean {
  return NATS_LABEL.test(text)
}

function brokerOf({ object, kind, namespace = 'default' }: LintDocument): SidecarWorkload[] {
  const pod = kind === 'Pod' ? object.value : valueAt(object.value, ['spec', 'template'])
  if (pod === undefined) return []
  const containers = valueAt(pod, ['spec', 'containers'])
  if (!isList(containers) || !containers.some(runsNats)) return []
  const labels = valueAt(pod, ['metadata', 'labels'])
  const texts = typeof labels === 'object' && labels !== null && !isList(labels) ? Object.entries(labels) : []
  return [
    { namespace, labels: Object.fromEntries(texts.filter((entry): entry is [string, string] => isText(entry[1]))) },
  ]
}

function isText(value: Json): value is string {
  return typeof value === 'string'
}

function runsNats(container: Json): boolean {
  const image = valueAt(container, ['image'])
  if (typeof image === 'string' && NATS_IMAGE.test(image)) return true
  const ports = valueAt(container, ['ports'])
  return isList(ports) && ports.some((port) => valueAt(port, ['containerPort']) === NATS_PORT)
}

/** Ports that never carry HTTP, by the protocol that is registered for them. */
const TCP_PORTS: ReadonlyMap<string, string> = new Map([
  ['1433', 'SQL Server'],
  ['1883', 'MQTT'],
  ['3306', 'MySQL'],
  ['4222', 'NATS'],
  ['5432', 'PostgreSQL'],
  ['5672', 'AMQP'],
  ['6222', 'NATS'],
  ['6379', 'Redis'],
  ['9042', 'Cassandra'],
  ['9092', 'Kafka'],
  ['11211', 'memcached'],
  ['27017', 'MongoDB'],
])

const HTTP_FIELD = /^(methods|paths|hosts|requestPrincipals|request\..+)$/

export const istioHttpOnTcpPort: Rule = {
  code: 'istio-http-on-tcp-port',
  severity: 'error',
  title: 'HTTP conditions beside the port of a database or a broker',
  why: 'These ports are TCP to Istio. An ALLOW rule that asks for a method, a path, a host, a header or a claim is dropped there and lets nobody in; a DENY rule loses the condition and denies everybody.',
  mend: 'ask for principals, namespaces and ports alone',
  check: ({ policies }) =>
    policies.flatMap(({ document, rules }) =>
      rules.flatMap((rule) => {
        const values = valuesOf(rule)
        const ports = values.filter(({ field, negated }) => field === 'ports' && !negated)
        const [port] = ports
        const asked = [...new Set(values.filter(({ field }) => HTTP_FIELD.test(field)).map(({ field }) => field))]
        if (port === undefined || asked.length === 0 || !ports.every(({ text }) => TCP_PORTS.has(text))) return []
        const message = `${asked.join(', ')} beside port ${port.text}, which is ${TCP_PORTS.get(port.text) ?? 'TCP'}`
        return [{ at: { document, path: rule.path }, message }]
      }),
    ),
}

/** Whether the policy rules the workload with these labels; by selector, as for a sidecar. */
export function selects(
  { namespace, labels, targetRefs }: PolicyView,
  workload: SidecarWorkload,
  rootNamespace: string,
): boolean {
  if (targetRefs.length > 0) return false
  if (namespace !== workload.namespace && namespace !== rootNamespace) return false
  return Object.entries(labels).every(([key, value]) => workload.labels[key] === value)
}
