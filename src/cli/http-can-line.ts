/**
 * One line of `nib http can --batch`: JSON -> the question it asks. Pure.
 * Refuses what has the wrong type or nearly the right name; other members are notes of whoever wrote the line and mean nothing.
 */
import { parseIp, type Mesh, type PolicyWorkload, type RequestFacts, type Transport } from '../istio/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { nearest } from '../lib/nearest.ts'
import { describeValue, quote } from '../lib/spell.ts'
import { DEFAULT_WAYPOINT } from './http-can-flags.ts'

/** Everything but the request: what a policy engine is made of. */
export interface LineSetup {
  /** Missing: the policies of the folder. */
  readonly policies?: readonly Json[]
  readonly mesh: Mesh
  readonly workload: PolicyWorkload
  readonly transport: Transport
}

/** A line that says what it must not. The message is for its author. */
export class LineError extends Error {}

const LINE = ['policies', 'mesh', 'workload', 'transport', 'request']
const MESH = ['trustDomain', 'trustDomainAliases', 'rootNamespace']
const WORKLOAD = ['namespace', 'labels', 'waypoint']
const WAYPOINT = ['name', 'namespace', 'service', 'serviceEntry']
const REQUEST = [
  'principal',
  'sourceIp',
  'remoteIp',
  'destIp',
  'destPort',
  'sni',
  'method',
  'path',
  'host',
  'headers',
  'claims',
]
const MAX_PORT = 65_535

export function readSetup(line: JsonObject, defaults: LineSetup): LineSetup {
  checkNames(line, LINE, 'the line')
  const { policies, transport = defaults.transport } = line
  if (transport !== 'http' && transport !== 'tcp') throw wrong('transport', transport, '"http" or "tcp"')
  if (policies !== undefined && !isList(policies)) throw wrong('policies', policies, 'a list')
  return {
    ...(policies === undefined ? {} : { policies }),
    mesh: readMesh(line['mesh'], defaults.mesh),
    workload: readWorkload(line['workload'], defaults.workload),
    transport,
  }
}

export function readRequest(value: Json): RequestFacts {
  const request = readObject(value, 'request', REQUEST)
  const claims = request['claims'] ?? undefined
  if (claims !== undefined && !isJsonObject(claims)) throw wrong('request.claims', claims, 'an object')
  const port = request['destPort'] ?? undefined
  if (port !== undefined && !isPort(port)) throw wrong('request.destPort', port, `a port from 0 to ${MAX_PORT}`)
  const headers = request['headers'] ?? undefined
  return {
    principal: text(request, 'principal', 'request'),
    sourceIp: address(request, 'sourceIp'),
    remoteIp: address(request, 'remoteIp'),
    destIp: address(request, 'destIp'),
    destPort: port,
    sni: text(request, 'sni', 'request'),
    method: text(request, 'method', 'request'),
    path: text(request, 'path', 'request'),
    host: text(request, 'host', 'request'),
    headers: headers === undefined ? undefined : readHeaders(headers),
    claims,
  }
}

function readMesh(value: Json | undefined, defaults: Mesh): Mesh {
  if (value === undefined) return defaults
  const mesh = readObject(value, 'mesh', MESH)
  const aliases = mesh['trustDomainAliases'] ?? defaults.trustDomainAliases
  if (!isList(aliases) || !aliases.every((alias) => typeof alias === 'string'))
    throw wrong('mesh.trustDomainAliases', aliases, 'a list of texts')
  return {
    trustDomain: text(mesh, 'trustDomain', 'mesh') ?? defaults.trustDomain,
    trustDomainAliases: aliases,
    rootNamespace: text(mesh, 'rootNamespace', 'mesh') ?? defaults.rootNamespace,
  }
}

function readWorkload(value: Json | undefined, defaults: PolicyWorkload): PolicyWorkload {
  if (value === undefined) return defaults
  const workload = readObject(value, 'workload', WORKLOAD)
  const namespace = text(workload, 'namespace', 'workload')
  if (namespace === undefined) throw wrong('workload.namespace', undefined, 'text')
  if (workload['waypoint'] !== undefined) return readWaypoint(workload['waypoint'], namespace)
  const labels = readObject(workload['labels'] ?? {}, 'workload.labels')
  const read: Record<string, string> = {}
  for (const [key, label] of Object.entries(labels)) {
    if (typeof label !== 'string') throw wrong(`workload.labels[${quote(key)}]`, label, 'text')
    read[key] = label
  }
  return { namespace, labels: read }
}

function readWaypoint(value: Json, namespace: string): PolicyWorkload {
  const waypoint = readObject(value, 'workload.waypoint', WAYPOINT)
  const home = text(waypoint, 'namespace', 'workload.waypoint') ?? namespace
  const name = text(waypoint, 'name', 'workload.waypoint') ?? DEFAULT_WAYPOINT
  const service = text(waypoint, 'service', 'workload.waypoint')
  const serviceEntry = text(waypoint, 'serviceEntry', 'workload.waypoint')
  return {
    waypoint: {
      namespace: home,
      name,
      ...(service === undefined ? {} : { service: { namespace, name: service } }),
      ...(serviceEntry === undefined ? {} : { serviceEntry: { namespace, name: serviceEntry } }),
    },
  }
}

function readHeaders(value: Json): readonly (readonly [string, string])[] {
  if (!isList(value)) throw wrong('request.headers', value, 'a list of pairs')
  return value.map((pair, index) => {
    const [name, content, ...more] = isList(pair) ? pair : []
    if (typeof name !== 'string' || typeof content !== 'string' || more.length > 0)
      throw wrong(`request.headers[${index}]`, pair, '["name", "value"]')
    return [name, content] as const
  })
}

/** @param names when they are all that makes sense, and one that is nearly one of them is a slip of the pen. */
function readObject(value: Json, place: string, names?: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw wrong(place, value, 'an object')
  if (names !== undefined) checkNames(value, names, place)
  return value
}

function checkNames(object: JsonObject, names: readonly string[], place: string): void {
  for (const name of Object.keys(object)) {
    if (names.includes(name)) continue
    const meant = nearest(name, names, 2)
    if (meant !== undefined) throw new LineError(`unknown ${quote(name)} in ${place}, did you mean "${meant}"?`)
  }
}

function address(request: JsonObject, name: string): string | undefined {
  const value = text(request, name, 'request')
  if (value === undefined || value === '') return undefined
  if (parseIp(value) === undefined) throw wrong(`request.${name}`, value, 'an IP address')
  return value
}

function text(object: JsonObject, name: string, place: string): string | undefined {
  const value = object[name] ?? undefined
  if (value !== undefined && typeof value !== 'string') throw wrong(`${place}.${name}`, value, 'text')
  return value
}

function isPort(value: Json): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_PORT
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function wrong(place: string, value: Json | undefined, expected: string): LineError {
  return new LineError(`${place} is ${describeValue(value)}, expected ${expected}`)
}
