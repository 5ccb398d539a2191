/** Whether terms and rules hold, three-valued. Pure. What is absent matches nothing, and every `not` of it holds. */
import { UNKNOWN, type CallerAttributes, type OperationAttributes, type RequestAttributes } from './attributes.ts'
import { matchesClaim, matchesRequestPrincipal } from './claims.ts'
import { isInside } from './ip.ts'
import { matchesTemplate } from './path-template.ts'
import { matchesNamespace, matchesPrincipal, matchesServiceAccount, matchesTrustDomain } from './peer.ts'
import type { CallerTerm, CidrMatch, CompiledRule, OperationTerm, PathMatch, TextMatch } from './term.ts'
import { matchesHeaderText, matchesText, toLowerAscii } from './text-match.ts'
import { every, not, some, type Truth } from './truth.ts'

/** All terms of one alternative. */
export function callerTruth(alternative: readonly CallerTerm[], caller: CallerAttributes): Truth {
  return every(alternative, (term) => callerTermTruth(term, caller))
}

/** All terms of one alternative. */
export function operationTruth(alternative: readonly OperationTerm[], operation: OperationAttributes): Truth {
  return every(alternative, (term) => operationTermTruth(term, operation))
}

export function ruleTruth(rule: CompiledRule, request: RequestAttributes): Truth {
  const operation = some(rule.operations, (alternative) => operationTruth(alternative, request))
  if (operation === false) return false
  const caller = some(rule.callers, (alternative) => callerTruth(alternative, request))
  if (caller === false) return false
  return caller === undefined || operation === undefined ? undefined : true
}

export function callerTermTruth(term: CallerTerm, caller: CallerAttributes): Truth {
  const truth = matchesCaller(term, caller)
  return term.not ? not(truth) : truth
}

export function operationTermTruth(term: OperationTerm, operation: OperationAttributes): Truth {
  const truth = matchesOperation(term, operation)
  return term.not ? not(truth) : truth
}

function matchesCaller(term: CallerTerm, caller: CallerAttributes): Truth {
  switch (term.field) {
    case 'principal':
      return known(caller.peer, (peer) => term.values.some((value) => matchesPrincipal(value, peer)))
    case 'namespace':
      return known(caller.peer, (peer) => term.values.some((value) => matchesNamespace(value, peer)))
    case 'serviceAccount':
      return known(caller.peer, (peer) => term.values.some((value) => matchesServiceAccount(value, peer)))
    case 'trustDomain':
      return known(caller.peer, (peer) => term.values.some((value) => matchesTrustDomain(value, peer)))
    case 'requestPrincipal':
      return known(caller.claims, (claims) => term.values.some((value) => matchesRequestPrincipal(value, claims)))
    case 'claim':
      return known(caller.claims, (claims) => matchesClaim(term.values, term.path, claims))
    case 'sourceIp':
      return known(caller.sourceIp, (address) => matchesAddress(term.values, address))
    case 'remoteIp':
      return known(caller.remoteIp, (address) => matchesAddress(term.values, address))
    case 'header':
      return known(caller.headers, (headers) => matchesHeader(term.values, headers.get(term.name)))
    default:
      return term satisfies never
  }
}

function matchesOperation(term: OperationTerm, operation: OperationAttributes): Truth {
  switch (term.field) {
    case 'host':
      return known(operation.host, (host) => matchesHeader(term.values, [toLowerAscii(host)]))
    case 'method':
      return known(operation.method, (method) => matchesHeader(term.values, [method]))
    case 'path':
      return known(operation.path, (path) => term.values.some((value) => matchesPath(value, path)))
    case 'port':
      return known(operation.port, (port) => term.values.includes(port))
    case 'sni':
      // Envoy keeps it in lower case.
      return known(operation.sni, (sni) => matchesSni(term.values, toLowerAscii(sni)))
    case 'destinationIp':
      return known(operation.destinationIp, (address) => matchesAddress(term.values, address))
    case 'filterMetadata':
      return known(operation.filterMetadata, () => false)
    default:
      return term satisfies never
  }
}

/** @returns false for an absent attribute, unknown for an unknown one. */
function known<Value>(attribute: Value | undefined | typeof UNKNOWN, matches: (value: Value) => boolean): Truth {
  if (attribute === undefined) return false
  return attribute === UNKNOWN ? undefined : matches(attribute)
}

/** Each line is compared by itself (Envoy from 1.38.3 on); one that matches is enough. */
function matchesHeader(values: readonly TextMatch[], lines: readonly string[] | undefined): boolean {
  return lines !== undefined && values.some((value) => lines.some((line) => matchesHeaderText(value, line)))
}

function matchesPath(match: PathMatch, path: string): boolean {
  return match.is === 'template' ? matchesTemplate(match, path) : matchesText(match, path)
}

function matchesSni(values: readonly TextMatch[], sni: string): boolean {
  return values.some((value) => matchesText(value, sni))
}

function matchesAddress(values: readonly CidrMatch[], address: readonly number[]): boolean {
  return values.some((value) => isInside(address, value))
}
