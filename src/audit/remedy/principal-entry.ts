/** The matcher entry that speaks of one principal and of nobody else, as a document would write it. Pure. */
import type { Principal } from '../../identity/principal.ts'
import type { ServiceAccountRef } from '../../identity/spiffe-id.ts'
import type { JsonObject } from '../../lib/json.ts'
import { isLocal, matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'

export interface PrincipalEntry {
  readonly entry: MatcherEntry
  readonly written: JsonObject
}

/** `undefined` for whom no entry can name, as an end user with a star in its name. */
export function principalEntry(principal: Principal, trustDomains: TrustDomains): PrincipalEntry | undefined {
  return candidates(principal, trustDomains).find(({ entry }) => matchesEntry(entry, principal, trustDomains))
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

/** SPIFFE allows more than Kubernetes does, and documents speak of Kubernetes. */
export function isOfKubernetes({ namespace, name }: ServiceAccountRef): boolean {
  return LABEL.test(namespace) && SUBDOMAIN.test(name) && !/[.-]\.|\.-/.test(name)
}

function candidates({ workload, requestAuth }: Principal, trustDomains: TrustDomains): PrincipalEntry[] {
  if (workload !== undefined) {
    const { serviceAccount, spiffeId } = workload
    const { trustDomain, uri } = spiffeId
    const byId: PrincipalEntry = { entry: { spiffeId: { exact: uri } }, written: { spiffeId: uri } }
    if (serviceAccount === undefined || !isOfKubernetes(serviceAccount)) return [byId]
    const { namespace, name } = serviceAccount
    const domain = isLocal(trustDomain, trustDomains) ? {} : { trustDomain }
    return [
      {
        entry: { serviceAccount: { namespace, name }, ...domain },
        written: { serviceAccount: `${namespace}/${name}`, ...domain },
      },
    ]
  }
  if (requestAuth === undefined || requestAuth.subject === '') return []
  const { issuer, subject } = requestAuth
  const requestPrincipal = `${issuer}/${subject}`
  const byClaim = { issuer, claims: { sub: subject } }
  const named = requestPrincipal.includes('*') ? [] : [{ entry: { requestPrincipal }, written: { requestPrincipal } }]
  return [...named, { entry: byClaim, written: byClaim }]
}
