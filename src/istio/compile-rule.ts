/**
 * One rule -> the alternatives of terms that Envoy gets, as istiod writes them (security/authz/model, release-1.31). Pure.
 * What cannot be said drops an ALLOW rule; of a DENY, AUDIT or CUSTOM rule only the condition is dropped, and the rule gets wider.
 */
import type { AuthorizationPolicy, Operation, PolicyRule, Source } from './authorization-policy.ts'
import { parsePort } from './checks.ts'
import { parseConditionKey, type PlainField } from './conditions.ts'
import { parseCidr } from './ip.ts'
import type { Mesh, Transport } from './mesh.ts'
import { isTemplate, parseTemplate } from './path-template.ts'
import { parseRequestPrincipal } from './request-principal.ts'
import type { CallerTerm, CompiledRule, OperationTerm, TrustDomainMatch } from './term.ts'
import { parseTextMatch, toLowerAscii } from './text-match.ts'
import { expandPrincipals, expandTrustDomains } from './trust-domain.ts'

export interface RuleOutcome {
  /** Absent: the rule is dropped. */
  readonly rule?: CompiledRule
  /** Conditions that are not in the rule although they were written, as written. */
  readonly lost: readonly string[]
}

/** `istio`: a rule with an unknown `when` key is dropped, whatever its action. `match`: one of a DENY or CUSTOM always matches. */
export type UnknownConditions = 'istio' | 'match'

export interface RuleContext {
  readonly mesh: Mesh
  readonly transport: Transport
  readonly unknownConditions: UnknownConditions
}

export function compileRule(policy: AuthorizationPolicy, index: number, context: RuleContext): RuleOutcome {
  const { namespace, name, action } = policy
  const rule = policy.rules[index] ?? {}
  const made = (callers: CompiledRule['callers'], operations: CompiledRule['operations']): CompiledRule => ({
    name: ruleName(policy, index),
    policy: { namespace, name },
    rule: index,
    callers,
    operations,
  })
  const unknown = (rule.when ?? []).filter(({ key }) => parseConditionKey(key) === undefined).map(({ key }) => key)
  if (unknown.length > 0) {
    const matches = context.unknownConditions === 'match' && action !== 'ALLOW'
    return { lost: unknown, ...(matches ? { rule: made([[]], [[]]) } : {}) }
  }
  const lost: string[] = []
  const write = createWriter(policy, context, lost)
  const callers = (rule.from ?? [{}]).map((source) => [
    ...callerTerms(source, write),
    ...whenTerms(rule, write).callers,
  ])
  const operations = (rule.to ?? [{}]).map((operation) => [
    ...operationTerms(operation, write),
    ...whenTerms(rule, write).operations,
  ])
  const told = [...new Set(lost)]
  return action === 'ALLOW' && told.length > 0 ? { lost: told } : { lost: told, rule: made(callers, operations) }
}

export function ruleName({ namespace, name }: Pick<AuthorizationPolicy, 'namespace' | 'name'>, index: number): string {
  return `ns[${namespace}]-policy[${name}]-rule[${index}]`
}

/** `field`: as written. Without it nothing is written at all, and the field is told as lost when it is there. */
interface Writer {
  readonly mesh: Mesh
  readonly namespace: string
  readonly isHttp: boolean
  lose(field: string): void
}

function createWriter({ namespace }: AuthorizationPolicy, { mesh, transport }: RuleContext, lost: string[]): Writer {
  return { mesh, namespace, isHttp: transport === 'http', lose: (field) => void lost.push(field) }
}

type Texts = readonly string[] | undefined

function callerTerms(source: Source, write: Writer): CallerTerm[] {
  return [
    ...both('principals', source.principals, source.notPrincipals, (values, not) => principal(values, not, write)),
    ...both('requestPrincipals', source.requestPrincipals, source.notRequestPrincipals, (values, not, field) =>
      requestPrincipal(values, not, field, write),
    ),
    ...both('serviceAccounts', source.serviceAccounts, source.notServiceAccounts, (values, not) =>
      serviceAccount(values, not, write),
    ),
    ...both('trustDomains', source.trustDomains, source.notTrustDomains, (values, not) =>
      trustDomain(values, not, write),
    ),
    ...both('namespaces', source.namespaces, source.notNamespaces, namespace),
    ...both('remoteIpBlocks', source.remoteIpBlocks, source.notRemoteIpBlocks, (values, not, field) =>
      address('remoteIp', values, not, field, write),
    ),
    ...both('ipBlocks', source.ipBlocks, source.notIpBlocks, (values, not, field) =>
      address('sourceIp', values, not, field, write),
    ),
  ]
}

function operationTerms(operation: Operation, write: Writer): OperationTerm[] {
  return [
    ...both('hosts', operation.hosts, operation.notHosts, (values, not, field) =>
      http(field, write, (): OperationTerm => ({
        field: 'host',
        values: values.map((value) => parseTextMatch(toLowerAscii(value))),
        not,
      })),
    ),
    ...both('methods', operation.methods, operation.notMethods, (values, not, field) =>
      http(field, write, (): OperationTerm => ({ field: 'method', values: values.map(parseTextMatch), not })),
    ),
    ...both('paths', operation.paths, operation.notPaths, (values, not, field) =>
      http(field, write, (): OperationTerm => ({ field: 'path', values: values.map(parsePath), not })),
    ),
    ...both('ports', operation.ports, operation.notPorts, (values, not, field) => port(values, not, field, write)),
  ]
}

interface WhenTerms {
  readonly callers: readonly CallerTerm[]
  readonly operations: readonly OperationTerm[]
}

/** Written again for each entry of `from` and of `to`, as istiod does. */
function whenTerms({ when = [] }: PolicyRule, write: Writer): WhenTerms {
  const callers: CallerTerm[] = []
  const operations: OperationTerm[] = []
  for (const { key, values, notValues } of when) {
    const parsed = parseConditionKey(key)
    for (const [texts, not] of [[values, false] as const, [notValues, true] as const]) {
      if (texts === undefined || parsed === undefined) continue
      if (parsed.is === 'unreadable') write.lose(key)
      else if (parsed.is === 'plain') {
        const terms = plainTerms(parsed.field, texts, not, write)
        callers.push(...terms.callers)
        operations.push(...terms.operations)
      } else if (parsed.is === 'filterMetadata') {
        const { filter, key: name } = parsed
        operations.push({ field: 'filterMetadata', filter, key: name, values: texts.map(parseTextMatch), not })
      } else if (!write.isHttp) write.lose(key)
      else if (parsed.is === 'header') {
        callers.push({ field: 'header', name: headerName(parsed.name), values: texts.map(parseTextMatch), not })
      } else callers.push({ field: 'claim', path: parsed.path, values: texts.map(parseTextMatch), not })
    }
  }
  return { callers, operations }
}

function plainTerms(key: PlainField, values: readonly string[], not: boolean, write: Writer): WhenTerms {
  const claim = (name: string): readonly CallerTerm[] =>
    http(key, write, () => ({ field: 'claim', path: [name], values: values.map(parseTextMatch), not }))
  switch (key) {
    case 'source.ip':
      return ofCaller(address('sourceIp', values, not, key, write))
    case 'remote.ip':
      return ofCaller(address('remoteIp', values, not, key, write))
    case 'source.namespace':
      return ofCaller(namespace(values, not))
    case 'source.serviceAccount':
      return ofCaller(serviceAccount(values, not, write))
    case 'source.trustDomain':
      return ofCaller(trustDomain(values, not, write))
    case 'source.principal':
      return ofCaller(principal(values, not, write))
    case 'request.auth.principal':
      return ofCaller(requestPrincipal(values, not, key, write))
    case 'request.auth.audiences':
      return ofCaller(claim('aud'))
    case 'request.auth.presenter':
      return ofCaller(claim('azp'))
    case 'destination.ip':
      return ofOperation(address('destinationIp', values, not, key, write))
    case 'destination.port':
      return ofOperation(port(values, not, key, write))
    case 'connection.sni':
      return ofOperation([{ field: 'sni', values: values.map(parseTextMatch), not }])
    default:
      return key satisfies never
  }
}

function ofCaller(callers: readonly CallerTerm[]): WhenTerms {
  return { callers, operations: [] }
}

function ofOperation(operations: readonly OperationTerm[]): WhenTerms {
  return { callers: [], operations }
}

function principal(values: readonly string[], not: boolean, { mesh }: Writer): CallerTerm[] {
  return [{ field: 'principal', values: expandPrincipals(values, mesh).map(parseTextMatch), not }]
}

function namespace(values: readonly string[], not: boolean): CallerTerm[] {
  return [{ field: 'namespace', values: values.map((value) => ({ pieces: value.split('*') })), not }]
}

function serviceAccount(values: readonly string[], not: boolean, write: Writer): CallerTerm[] {
  const accounts = values.map((value) => {
    const slash = value.indexOf('/')
    // A bare name lives where the policy lives.
    if (slash < 0) return { namespace: write.namespace, name: value }
    return { namespace: value.slice(0, slash), name: value.slice(slash + 1) }
  })
  return [{ field: 'serviceAccount', values: accounts, not }]
}

function trustDomain(values: readonly string[], not: boolean, { mesh }: Writer): CallerTerm[] {
  return [{ field: 'trustDomain', values: expandTrustDomains(values, mesh).map(parseTrustDomain), not }]
}

function parseTrustDomain(value: string): TrustDomainMatch {
  if (value === '*') return { is: 'presence' }
  const star = value.indexOf('*')
  if (star < 0) return { is: 'exact', value }
  return { is: 'around', head: value.slice(0, star), tail: value.slice(star + 1) }
}

function requestPrincipal(
  values: readonly string[],
  not: boolean,
  field: string,
  write: Writer,
): readonly CallerTerm[] {
  return http(field, write, () => ({ field: 'requestPrincipal', values: values.map(parseRequestPrincipal), not }))
}

function address<Field extends 'sourceIp' | 'remoteIp' | 'destinationIp'>(
  field: Field,
  values: readonly string[],
  not: boolean,
  written: string,
  write: Writer,
) {
  const blocks = values.map(parseCidr).filter((block) => block !== undefined)
  if (blocks.length < values.length) write.lose(written)
  return blocks.length === 0 ? [] : [{ field, values: blocks, not }]
}

function port(values: readonly string[], not: boolean, written: string, write: Writer): OperationTerm[] {
  const ports = values.map(parsePort).filter((number) => number !== undefined)
  if (ports.length < values.length) write.lose(written)
  return ports.length === 0 ? [] : [{ field: 'port', values: ports, not }]
}

function parsePath(value: string) {
  return isTemplate(value) ? parseTemplate(value) : parseTextMatch(value)
}

/** `host` and `:authority` are one header to Envoy. */
function headerName(name: string): string {
  const lower = toLowerAscii(name)
  return lower === 'host' ? ':authority' : lower
}

/** What only HTTP has is lost on a TCP port. */
function http<Made>(field: string, write: Writer, make: () => Made): readonly Made[] {
  if (write.isHttp) return [make()]
  write.lose(field)
  return []
}

/** A field and its `not` are two terms. */
function both<Made>(
  field: string,
  values: Texts,
  notValues: Texts,
  make: (values: readonly string[], not: boolean, field: string) => readonly Made[],
): readonly Made[] {
  const negated = `not${field.charAt(0).toUpperCase()}${field.slice(1)}`
  return [
    ...(values === undefined ? [] : make(values, false, field)),
    ...(notValues === undefined ? [] : make(notValues, true, negated)),
  ]
}
