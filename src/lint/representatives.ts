/**
 * One principal for each way in which a grant can be matched, and the decision that its login would get. Pure.
 * Where a matcher leaves a name open, the principal has one that nobody has: the decision is that of the others it matches.
 */
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId, type SpiffeId } from '../identity/spiffe-id.ts'
import type { Decide } from '../policy/decide.ts'
import type { Decision } from '../policy/decision.ts'
import { folderOf, matchesEntry } from '../policy/match-principal.ts'
import type { MatcherEntry } from '../policy/matcher.ts'
import type { GrantRule } from '../policy/model.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { entriesOf } from './grant-rules.ts'

export interface Representative {
  readonly principal: Principal
  readonly decision: Decision
  /** The first rule whose matcher it stands for. */
  readonly rule: GrantRule
}

/** Decisions cost time; whoever has more ways in has seen the pattern before. */
const MAX = 5000

export function representativesOf(snapshot: Snapshot, decide: Decide): Representative[] {
  const known = new Map<string, Representative>()
  for (const rule of snapshot.model.grants) {
    if (rule.effect !== 'allow') continue
    for (const entry of entriesOf(rule)) {
      const principal = principalFor(entry, snapshot.trustDomains.local)
      if (principal === undefined || !matchesEntry(entry, principal, snapshot.trustDomains)) continue
      const key = JSON.stringify([principal.name, principal.groups, principal.requestAuth?.claims])
      if (known.has(key)) continue
      if (known.size >= MAX) return [...known.values()]
      known.set(key, { principal, decision: decide(snapshot, principal), rule })
    }
  }
  return [...known.values()]
}

const SOMEBODY = 'somebody'

/** `undefined` when no such principal can be made up. */
export function principalFor(entry: MatcherEntry, localTrustDomain: string): Principal | undefined {
  const id = spiffeIdFor(entry, localTrustDomain)
  const auth = requestAuthFor(entry)
  const groups = entry.group === undefined ? [] : [entry.group]
  if (id === undefined) {
    return requestPrincipal(auth ?? { issuer: `https://${SOMEBODY}.invalid`, subject: SOMEBODY, claims: {} }, groups)
  }
  const workload = workloadPrincipal(id)
  return {
    ...workload,
    groups: [...new Set([...workload.groups, ...groups])].toSorted(),
    ...(auth === undefined ? {} : { requestAuth: auth }),
  }
}

function spiffeIdFor(entry: MatcherEntry, localTrustDomain: string): SpiffeId | undefined {
  const { serviceAccount, namespace, trustDomain, spiffeId, group } = entry
  if (spiffeId !== undefined)
    return parsed('exact' in spiffeId ? spiffeId.exact : `${folderOf(spiffeId.prefix)}${SOMEBODY}`)
  const [, grouped] = /^system:serviceaccounts(?::(.+))?$/.exec(group ?? '') ?? []
  const isGrouped = group?.startsWith('system:serviceaccounts') === true
  if (serviceAccount === undefined && namespace === undefined && trustDomain === undefined && !isGrouped)
    return undefined
  const home = namespace ?? literal(serviceAccount?.namespace) ?? grouped ?? SOMEBODY
  const name = literal(serviceAccount?.name) ?? SOMEBODY
  return parsed(`spiffe://${trustDomain ?? localTrustDomain}/ns/${home}/sa/${name}`)
}

function parsed(uri: string): SpiffeId | undefined {
  const id = parseSpiffeId(uri)
  return id.ok ? id.value : undefined
}

function literal(part: string | undefined): string | undefined {
  return part === '*' ? undefined : part
}

function requestAuthFor({ requestPrincipal: written, issuer, claims }: MatcherEntry): Principal['requestAuth'] {
  if (written === undefined && issuer === undefined && claims === undefined) return undefined
  const [own, subject] = halvesOf(written)
  const iss = issuer ?? own
  return { issuer: iss, subject, claims: { iss, sub: subject, ...claims } }
}

function halvesOf(written = '*'): readonly [issuer: string, subject: string] {
  const filled = written === '*' ? `https://${SOMEBODY}.invalid/${SOMEBODY}` : written.replace('*', SOMEBODY)
  const slash = filled.lastIndexOf('/')
  return slash < 0 ? [SOMEBODY, filled] : [filled.slice(0, slash), filled.slice(slash + 1)]
}
