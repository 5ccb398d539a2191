/** The flags of `nib http can` -> the request and the workload they describe. Pure. */
import { parseIp, type PolicyWorkload, type RequestFacts } from '../istio/index.ts'
import { quote } from '../lib/spell.ts'
import type { MeshOptions } from './options.ts'
import { readClaimOptions } from './claims-argument.ts'
import { workloadUri, WORKLOAD_EXPECTED } from './workload-argument.ts'

export interface FlagError {
  readonly error: string
  readonly hint?: string
}

export interface WorkloadFlags {
  /** Default {@link DEFAULT_NAMESPACE}. */
  readonly namespace?: string
  readonly labels: readonly string[]
  /** A service behind a waypoint, which has no labels. */
  readonly waypointFor?: string
  /** Of that waypoint's Gateway. */
  readonly waypointName?: string
}

/** As kubectl has it. */
export const DEFAULT_NAMESPACE = 'default'
/** The usual one, as `istioctl waypoint apply` names it. */
export const DEFAULT_WAYPOINT = 'waypoint'

export function waypointOf(
  namespace: string,
  service: string,
  name = DEFAULT_WAYPOINT,
): Extract<PolicyWorkload, { readonly waypoint: object }>['waypoint'] {
  return { namespace, name, service: { namespace, name: service } }
}

export interface RequestFlags {
  readonly method: string
  readonly path: string
  readonly host?: string
  readonly port?: string
  readonly principal?: string
  readonly header: readonly string[]
  readonly claim: readonly string[]
  readonly claims?: string
  readonly sourceIp?: string
  readonly remoteIp?: string
  readonly sni?: string
}

const MAX_PORT = 65_535

export function workloadOf(flags: WorkloadFlags): PolicyWorkload | FlagError {
  const { namespace = DEFAULT_NAMESPACE, labels, waypointFor, waypointName } = flags
  if (waypointFor !== undefined) {
    if (labels.length > 0)
      return { error: '--labels are of a workload, and --waypoint-for asks a waypoint', hint: 'leave one out' }
    return { waypoint: waypointOf(namespace, waypointFor, waypointName) }
  }
  if (waypointName !== undefined) {
    return { error: '--waypoint-name names the waypoint of a service', hint: 'name the service: --waypoint-for orders' }
  }
  const read = new Map<string, string>()
  for (const label of labels.flatMap((list) => list.split(','))) {
    const equals = label.indexOf('=')
    if (equals < 1)
      return { error: `label ${quote(label)} is not written as key=value`, hint: 'for example app=orders' }
    read.set(label.slice(0, equals), label.slice(equals + 1))
  }
  return { namespace, labels: Object.fromEntries(read) }
}

/** `the workload in namespace shop with labels app=orders` */
export function workloadInWords(workload: PolicyWorkload): string {
  if ('waypoint' in workload) {
    const { namespace, name = DEFAULT_WAYPOINT, service } = workload.waypoint
    return `the waypoint ${name} in namespace ${namespace}${service === undefined ? '' : ` for service ${service.name}`}`
  }
  const labels = Object.entries(workload.labels).map(([key, value]) => `${key}=${value}`)
  return `the workload in namespace ${workload.namespace} ${labels.length === 0 ? 'without labels' : `with labels ${labels.join(',')}`}`
}

export function factsOf(
  flags: RequestFlags,
  { trustDomain }: Pick<MeshOptions, 'trustDomain'>,
): RequestFacts | FlagError {
  const { method, path, host, port, principal, sourceIp, remoteIp, sni } = flags
  const headers: (readonly [string, string])[] = []
  for (const header of flags.header) {
    const equals = header.indexOf('=')
    if (equals < 1) {
      return { error: `header ${quote(header)} is not written as name=value`, hint: 'for example x-team=payments' }
    }
    headers.push([header.slice(0, equals), header.slice(equals + 1)])
  }
  const number = port === undefined ? undefined : portOf(port)
  if (port !== undefined && number === undefined)
    return { error: `port ${quote(port)} is not a number up to ${MAX_PORT}` }
  for (const [flag, address] of [['--source-ip', sourceIp] as const, ['--remote-ip', remoteIp] as const]) {
    if (address !== undefined && parseIp(address) === undefined)
      return { error: `${flag} ${quote(address)} is no IP address` }
  }
  const claims = readClaimOptions(flags)
  if (!claims.ok) return { error: claims.error.message, hint: claims.error.hint }
  const caller = principal === undefined ? undefined : workloadUri(principal, trustDomain)
  if (principal !== undefined && caller === undefined) {
    return { error: `--principal ${quote(principal)} is no workload`, hint: WORKLOAD_EXPECTED }
  }
  return {
    method,
    path,
    headers,
    ...(host === undefined ? {} : { host }),
    ...(number === undefined ? {} : { destPort: number }),
    ...(caller === undefined ? {} : { principal: caller }),
    ...(claims.value === undefined ? {} : { claims: claims.value }),
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ...(remoteIp === undefined ? {} : { remoteIp }),
    ...(sni === undefined ? {} : { sni }),
  }
}

function portOf(text: string): number | undefined {
  const port = /^\d+$/.test(text) ? Number(text) : Infinity
  return port <= MAX_PORT ? port : undefined
}
