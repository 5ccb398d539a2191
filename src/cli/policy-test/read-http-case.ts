/**
 * A case about HTTP -> the requests in it, one for each method and path, and what is expected of them. Pure.
 * Every attribute that is not named is absent, as in `nib http can`: no certificate, no token, no header.
 */
import { withHint, type Mistake } from '../../compile/mistake.ts'
import { spellPath, type Path } from '../../lib/spell.ts'
import type { PolicyWorkload, RequestFacts, Transport } from '../../istio/index.ts'
import { waypointOf } from '../http-can-flags.ts'
import { workloadUri, WORKLOAD_EXPECTED } from '../workload-argument.ts'
import type { CaseFields, HttpFields } from './schema.ts'

export interface HttpAssertion {
  readonly of: 'http'
  /** `POST /orders to shop (app=orders) from shop/web: allow`. */
  readonly statement: string
  readonly workload: PolicyWorkload
  readonly transport: Transport
  readonly request: RequestFacts
  readonly decision: 'allow' | 'deny'
  /** As Istio names rules: `ns[shop]-policy[orders]-rule[0]`. */
  readonly by?: string
}

interface ReadHttpCase {
  readonly mistakes: readonly Mistake[]
  readonly assertions: readonly HttpAssertion[]
}

/** What has a meaning for subjects only. */
const OF_SUBJECTS = [
  'principal',
  'claims',
  'groups',
  'can',
  'cannot',
  'subject',
  'queue',
  'account',
  'refusal',
] as const satisfies readonly (keyof CaseFields)[]

/** What is decided where no rule is behind it. */
const NO_RULE: ReadonlyMap<string, 'allow' | 'deny'> = new Map([
  ['no-allow-match', 'deny'],
  ['no-allow-policy', 'allow'],
  ['bad-request', 'deny'],
])
const RULE = /^ns\[[^\]]+\]-policy\[[^\]]+\]-rule\[\d+\]$/
const SHORT_RULE = /^([^/[\]]+)\/([^/[\]]+)\[(\d+)\]$/

export function readHttpCase(fields: CaseFields, http: HttpFields, path: Path, trustDomain: string): ReadHttpCase {
  const mistakes: Mistake[] = OF_SUBJECTS.filter((field) => fields[field] !== undefined).map((field) => ({
    code: 'case-contradictory',
    message: `${spellPath(path)} has ${field} beside http`,
    hint: field === 'principal' || field === 'claims' ? 'write it into http' : 'write two cases',
    path: [...path, field],
    atKey: true,
  }))
  if (fields.is === undefined) {
    const message = `${spellPath(path)} does not say what is expected`
    mistakes.push({ code: 'case-empty', message, hint: 'write is: allow, or is: deny', path })
  }
  mistakes.push(...contradictionsOf(fields, http.workload, path))
  const by = fields.by === undefined ? undefined : ruleName(fields.by)
  if (fields.by !== undefined && by === undefined) mistakes.push(noRule(fields.by, [...path, 'by']))
  const principal = http.principal === undefined ? undefined : workloadUri(http.principal, trustDomain)
  if (http.principal !== undefined && principal === undefined) {
    const place = [...path, 'http', 'principal']
    const message = `${spellPath(place)} ${JSON.stringify(http.principal)} is no workload`
    mistakes.push({
      code: 'principal-invalid',
      message,
      hint: WORKLOAD_EXPECTED,
      path: place,
    })
  }
  const { is: decision } = fields
  if (decision === undefined || mistakes.length > 0) return { mistakes, assertions: [] }
  const { method: methods = ['GET'], path: paths = ['/'] } = http
  const { workload, transport = 'http' } = http
  const facts = factsOf(http, principal)
  const tail = `${targetInWords(http)}${callerInWords(http)}: ${decision}${by === undefined ? '' : ` by ${fields.by}`}`
  return {
    mistakes,
    assertions: methods.flatMap((method) =>
      paths.map((target): HttpAssertion => ({
        of: 'http',
        statement: transport === 'tcp' ? `TCP${tail}` : `${method} ${target}${tail}`,
        workload: workloadOf(workload),
        transport,
        request: { ...facts, method, path: target },
        decision,
        ...(by === undefined ? {} : { by }),
      })),
    ),
  }
}

function workloadOf({ namespace, labels = {}, waypointFor, waypointName }: HttpFields['workload']): PolicyWorkload {
  if (waypointFor === undefined) return { namespace, labels }
  return { waypoint: waypointOf(namespace, waypointFor, waypointName) }
}

/** What no request could fulfil, or what would be read as said and is not asked. */
function contradictionsOf({ is, by }: CaseFields, workload: HttpFields['workload'], path: Path): Mistake[] {
  const mistakes: Mistake[] = []
  const complain = (message: string, hint: string, ...field: readonly string[]): void => {
    const code = 'case-contradictory'
    mistakes.push({ code, message: `${spellPath(path)} ${message}`, hint, path: [...path, ...field], atKey: true })
  }
  const { labels, waypointFor, waypointName } = workload
  if (labels !== undefined && waypointFor !== undefined) {
    complain(
      'has labels beside waypointFor',
      'a waypoint has none of the workload; leave one out',
      'http',
      'workload',
      'labels',
    )
  }
  if (waypointName !== undefined && waypointFor === undefined) {
    complain(
      'has waypointName, and no waypointFor',
      'name the service: waypointFor',
      'http',
      'workload',
      'waypointName',
    )
  }
  const always = by === undefined ? undefined : NO_RULE.get(by)
  if (is !== undefined && always !== undefined && always !== is) {
    complain(`expects ${is} by ${by}, which always decides ${always}`, `write is: ${always}, or another by`, 'by')
  }
  return mistakes
}

function factsOf(http: HttpFields, principal: string | undefined): RequestFacts {
  const { claims, host, port, headers = {}, sourceIp, remoteIp, destinationIp, sni } = http
  return {
    principal,
    claims,
    host,
    headers: Object.entries(headers),
    destPort: port,
    sourceIp,
    remoteIp,
    destIp: destinationIp,
    sni,
  }
}

function ruleName(text: string): string | undefined {
  const [, namespace, name, rule] = SHORT_RULE.exec(text) ?? []
  if (rule !== undefined) return `ns[${namespace}]-policy[${name}]-rule[${rule}]`
  return RULE.test(text) || NO_RULE.has(text) ? text : undefined
}

function noRule(text: string, path: Path): Mistake {
  const message = `${spellPath(path)} ${JSON.stringify(text)} is no rule, expected <namespace>/<policy>[<rule>]`
  return withHint(
    { code: 'rule-invalid', message, path },
    `rules count from 0; or one of ${[...NO_RULE.keys()].join(', ')}`,
  )
}

function targetInWords({ workload: { namespace, labels = {}, waypointFor }, port }: HttpFields): string {
  const spelled = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  const at = waypointFor === undefined ? spelled.join(',') : `waypoint for ${waypointFor}`
  return ` to ${namespace}${at === '' ? '' : ` (${at})`}${port === undefined ? '' : ` port ${port}`}`
}

function callerInWords({ principal, claims }: HttpFields): string {
  const subject = claims?.['sub']
  const token = claims === undefined ? [] : [`a token${typeof subject === 'string' ? ` of ${subject}` : ''}`]
  const callers = [...(principal === undefined ? [] : [principal]), ...token]
  return callers.length === 0 ? '' : ` from ${callers.join(' with ')}`
}
