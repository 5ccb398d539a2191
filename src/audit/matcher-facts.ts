/**
 * What a matcher says by itself, worked out once: the keys that its principals have, and whom it names. Pure.
 * The rules of one document share a matcher, and documents that stay keep it from snapshot to snapshot.
 */
import type { Principal } from '../identity/principal.ts'
import { remember } from '../lib/remember.ts'
import type { Matcher } from '../policy/matcher.ts'
import { keysOfEntry, keysOfPrincipal } from '../policy/matcher-index.ts'
import type { Model } from '../policy/model.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import { knownPrincipals } from './known-principals.ts'

type Rule = Model['accounts' | 'grants' | 'limits' | 'ceilings'][number]

export function rulesOf({ accounts, grants, limits, ceilings }: Model): readonly Rule[] {
  return [...accounts, ...grants, ...limits, ...ceilings]
}

export function matchersOf(model: Model): readonly Matcher[] {
  return [...new Set(rulesOf(model).map(({ principals }) => principals))]
}

/** Whoever it matches has one of these keys; `anybody`: there may be others. */
export type Keys = readonly string[] | 'anybody'

const keysOfMatchers = new WeakMap<Matcher, Keys>()

export function keysOf(matcher: Matcher): Keys {
  return remember(keysOfMatchers, matcher, () => {
    const keys = matcher.map(keysOfEntry)
    return keys.every((own) => own !== undefined) ? [...new Set(keys.flat())] : 'anybody'
  })
}

const keysOfPrincipals = new WeakMap<Principal, readonly string[]>()

export function keysHeldBy(principal: Principal): readonly string[] {
  return remember(keysOfPrincipals, principal, keysOfPrincipal)
}

const namedIn = new WeakMap<Matcher, { readonly trustDomains: string; readonly principals: readonly Principal[] }>()

/** The same principal objects each time. */
export function namedBy(matcher: Matcher, trustDomains: TrustDomains): readonly Principal[] {
  const spelled = [trustDomains.local, ...trustDomains.aliases].join(' ')
  const known = namedIn.get(matcher)
  if (known?.trustDomains === spelled) return known.principals
  const limits = [{ principals: matcher, limits: {}, origin: { kind: '', name: '' } }]
  const one: Snapshot = { id: '', trustDomains, model: { accounts: [], grants: [], limits, ceilings: [] } }
  const { principals } = knownPrincipals(one)
  namedIn.set(matcher, { trustDomains: spelled, principals })
  return principals
}
