/**
 * A small world to try roundabout ways in: a policy for some workloads of one account, what JetStream has there, and the same once more
 * as the topology that the answers are worked out from.
 */
import type { ServiceAccountRef } from '../../../src/identity/spiffe-id.ts'
import type { Principal } from '../../../src/identity/principal.ts'
import { createRoundabout } from '../../../src/audit/roundabout/ways.ts'
import type { RoundaboutWays, Way } from '../../../src/audit/roundabout/way.ts'
import { parseTopology, type Topology, type TopologyText } from '../../../src/audit/topology.ts'
import type { Action } from '../../../src/policy/effective.ts'
import { createDecide } from '../../../src/policy/decide.ts'
import type { Allowed } from '../../../src/policy/decision.ts'
import type { Grant } from '../../../src/policy/model.ts'
import type { Snapshot } from '../../../src/policy/snapshot.ts'
import { pattern, sha256Hex, snapshotOf, workload } from '../../support/policy-arbitraries.ts'

export interface Granted {
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly request?: readonly string[]
  readonly respond?: readonly string[]
  /** Denied to publish. */
  readonly deny?: readonly string[]
  /** Denied to subscribe. */
  readonly deaf?: readonly string[]
}

export interface World {
  /** Account of everybody without one of its own. */
  readonly account: string
  /** By name of the ServiceAccount; a name `x@OPS` lives in account OPS. */
  readonly people: Readonly<Record<string, Granted>>
  readonly topology?: TopologyText
}

const decide = createDecide(sha256Hex)

export function principalOf(name: string): Principal {
  return workload(`spiffe://shop.example/ns/shop/sa/${name.split('@')[0]}`)
}

export function policyOf({ account, people }: World): Snapshot {
  const matcher = (name: string) => [{ serviceAccount: { namespace: 'shop', name: name.split('@')[0] ?? '' } }]
  return snapshotOf({
    accounts: Object.keys(people).map((name, rule) => ({
      account: name.split('@')[1] ?? account,
      principals: matcher(name),
      inbox: 'private',
      origin: { kind: 'AccountMap', name: 'accounts', rule },
    })),
    grants: Object.entries(people).flatMap(([name, granted]) =>
      grantsOf(granted).map(({ effect, grant }, rule) => ({
        effect,
        principals: matcher(name),
        grant,
        origin: { kind: 'SubjectPolicy', namespace: 'shop', name: name.split('@')[0] ?? '', rule },
      })),
    ),
  })
}

function grantsOf({ publish, subscribe, request, respond, deny, deaf }: Granted) {
  const rules: { effect: 'allow' | 'deny'; grant: Grant }[] = []
  const patterns = (texts: readonly string[]) => texts.map(pattern)
  if (publish) rules.push({ effect: 'allow', grant: { verb: 'publish', patterns: patterns(publish) } })
  if (subscribe) rules.push({ effect: 'allow', grant: { verb: 'subscribe', patterns: patterns(subscribe) } })
  if (request) rules.push({ effect: 'allow', grant: { verb: 'request', patterns: patterns(request) } })
  if (respond) {
    const grant: Grant = { verb: 'respond', patterns: patterns(respond), maxReplies: 1, replyWithinMs: 60_000 }
    rules.push({ effect: 'allow', grant })
  }
  if (deny) rules.push({ effect: 'deny', grant: { verb: 'publish', patterns: patterns(deny) } })
  if (deaf) rules.push({ effect: 'deny', grant: { verb: 'subscribe', patterns: patterns(deaf) } })
  return rules
}

export function decisionOf(world: World, name: string): Allowed {
  const decision = decide(policyOf(world), principalOf(name))
  if (decision.effect !== 'allow') throw new Error(`${name}: ${decision.code}`)
  return decision
}

export function topologyOf({ topology }: World): Topology | undefined {
  if (topology === undefined) return undefined
  const parsed = parseTopology(topology)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

export function askWays(world: World, action: Action, text: string): RoundaboutWays {
  const accounts: ServiceAccountRef[] = []
  return createRoundabout(policyOf(world), accounts, decide, topologyOf(world))({ action, pattern: pattern(text) })
}

/** Of one ServiceAccount. */
export function waysFor(world: World, name: string, action: Action, text: string): readonly Way[] {
  const { name: principal } = principalOf(name)
  return askWays(world, action, text).ways.filter(
    (way) => way.principal === principal || way.alsoBy?.includes(principal),
  )
}
