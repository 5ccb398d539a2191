/** A request of which everything is known -> the attributes that Envoy decides by. Pure. */
import type { JsonObject } from '../lib/json.ts'
import type { RequestAttributes } from './attributes.ts'
import { AUTHORITY, readHeaderLines, trimBlanks } from './header-lines.ts'
import { parseIp } from './ip.ts'
import type { Transport } from './mesh.ts'
import { normaliseTarget } from './normalise-path.ts'

/** As the wire carries it. What is missing is absent, with the defaults named here. */
export interface RequestFacts {
  /** URI of the peer's certificate, with `spiffe://`. Missing: plain text. */
  readonly principal?: string | undefined
  readonly sourceIp?: string | undefined
  /** Missing: the last address of `x-forwarded-for`, else `sourceIp`, as a sidecar takes it. */
  readonly remoteIp?: string | undefined
  readonly destIp?: string | undefined
  readonly destPort?: number | undefined
  readonly sni?: string | undefined
  /** Default GET. */
  readonly method?: string | undefined
  /** The raw request target. Default `/`. */
  readonly path?: string | undefined
  /** With its port. Missing: the header `host`. */
  readonly host?: string | undefined
  /** Line by line; a name may come more than once. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined
  /** Of a verified JWT. Missing: none was sent. */
  readonly claims?: JsonObject | undefined
}

/** @returns `undefined` when Envoy answers 400 before it asks any policy. */
export function completeRequest(facts: RequestFacts, transport: Transport): RequestAttributes | undefined {
  return transport === 'http' ? httpRequest(facts) : tcpConnection(facts)
}

function tcpConnection(facts: RequestFacts): RequestAttributes {
  const sourceIp = ip(facts.sourceIp)
  return {
    peer: peerOf(facts),
    claims: undefined,
    sourceIp,
    remoteIp: ip(facts.remoteIp) ?? sourceIp,
    headers: undefined,
    method: undefined,
    path: undefined,
    host: undefined,
    port: facts.destPort,
    destinationIp: ip(facts.destIp),
    sni: facts.sni,
    filterMetadata: undefined,
  }
}

function httpRequest(facts: RequestFacts): RequestAttributes | undefined {
  const { method = 'GET', path: raw = '/' } = facts
  const absolute = absoluteForm(raw)
  const target = normaliseTarget(absolute?.target ?? raw)
  if (target === undefined || (raw === '*' && method !== 'OPTIONS')) return undefined
  const headers = readHeaderLines(facts.headers ?? [])
  const host = absolute?.authority ?? facts.host ?? headers.get(AUTHORITY)?.[0]
  headers.set(':method', [method]).set(':path', [`${target.path}${target.query}`])
  if (host !== undefined) headers.set(AUTHORITY, [host])
  const sourceIp = ip(facts.sourceIp)
  return {
    peer: peerOf(facts),
    claims: facts.claims,
    sourceIp,
    remoteIp: ip(facts.remoteIp) ?? forwardedFor(headers) ?? sourceIp,
    headers,
    method,
    path: target.path,
    host,
    port: facts.destPort,
    destinationIp: ip(facts.destIp),
    sni: facts.sni,
    filterMetadata: undefined,
  }
}

function peerOf({ principal }: RequestFacts): string | undefined {
  return principal === '' ? undefined : principal
}

/** RFC 9112 section 3.2.2: its authority stands in for the Host header. */
const ABSOLUTE_FORM = /^https?:\/\//i

function absoluteForm(raw: string): { readonly authority: string; readonly target: string } | undefined {
  const [scheme] = raw.startsWith('/') ? [] : (ABSOLUTE_FORM.exec(raw) ?? [])
  if (scheme === undefined) return undefined
  const rest = raw.slice(scheme.length)
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const target = end < 0 ? '' : rest.slice(end)
  if (authority === '') return undefined
  return { authority, target: target.startsWith('/') ? target : `/${target}` }
}

/** A sidecar trusts what it is told: the last address is nobody's proof. */
function forwardedFor(headers: ReadonlyMap<string, readonly string[]>): readonly number[] | undefined {
  const last = headers.get('x-forwarded-for')?.at(-1)?.split(',').at(-1)
  return last === undefined ? undefined : ip(trimBlanks(last))
}

function ip(text: string | undefined): readonly number[] | undefined {
  return text === undefined ? undefined : parseIp(text)
}
