/** The flags of `nib http can` -> the request and the workload they describe. Pure. */
import { parseIp, type PolicyWorkload, type RequestFacts } from '../istio/index.ts'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { quote } from '../lib/spell.ts'
import { parseClaims } from './claims-argument.ts'

export interface FlagError {
  readonly error: string
  readonly hint?: string
}

export interface WorkloadFlags {
  readonly namespace: string
  readonly labels: readonly string[]
  /** A service behind a waypoint; then labels mean nothing. */
  readonly waypointFor?: string
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

const SCHEME = 'spiffe://'
const MAX_PORT = 65_535

export function workloadOf({ namespace, labels, waypointFor }: WorkloadFlags): PolicyWorkload | FlagError {
  if (waypointFor !== undefined) return { waypoint: { namespace, service: { namespace, name: waypointFor } } }
  const read = new Map<string, string>()
  for (const label of labels.flatMap((list) => list.split(','))) {
    const equals = label.indexOf('=')
    if (equals < 1)
      return { error: `label ${quote(label)} is not written as key=value`, hint: 'for example app=orders' }
    read.set(label.slice(0, equals), label.slice(equals + 1))
  }
  return { namespace, labels: Object.fromEntries(read) }
}

export function factsOf(flags: RequestFlags): RequestFacts | FlagError {
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
  const claims = claimsOf(flags)
  if (claims !== undefined && isFlagError(claims)) return claims
  return {
    method,
    path,
    headers,
    ...(host === undefined ? {} : { host }),
    ...(number === undefined ? {} : { destPort: number }),
    ...(principal === undefined ? {} : { principal: principalOf(principal) }),
    ...(claims === undefined ? {} : { claims: claims.claims }),
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ...(remoteIp === undefined ? {} : { remoteIp }),
    ...(sni === undefined ? {} : { sni }),
  }
}

/** As in a policy, or whole. */
function principalOf(text: string): string {
  return text.includes('://') ? text : `${SCHEME}${text}`
}

function portOf(text: string): number | undefined {
  const port = /^\d+$/.test(text) ? Number(text) : Infinity
  return port <= MAX_PORT ? port : undefined
}

/** `--claims` is the whole payload, `--claim` adds to it. */
function claimsOf({ claim, claims }: RequestFlags): { readonly claims: JsonObject } | FlagError | undefined {
  const whole = claims === undefined ? {} : parseObject(claims)
  if (whole === undefined) {
    return {
      error: '--claims is no JSON object',
      hint: `for example --claims '{"iss":"https://idp.example","sub":"ann"}'`,
    }
  }
  const single = parseClaims(claim)
  if (!single.ok) return { error: single.error, hint: 'for example --claim iss=https://idp.example' }
  return claims === undefined && claim.length === 0 ? undefined : { claims: { ...whole, ...single.value } }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return isJsonObject(value)
}

function isFlagError(value: object): value is FlagError {
  return 'error' in value
}
