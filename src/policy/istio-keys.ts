/**
 * Under which keys Istio's conditions are filed, and under which a principal finds them: names that must be there for the
 * condition to hold. Pure. A key too many costs a look, a key too few would hide a rule.
 */
import type { Workload } from '../identity/principal.ts'
import type { CallerTerm } from '../istio/index.ts'
import type { MatcherEntry } from './matcher.ts'

const SCHEME = 'spiffe://'

/** The keys of its most telling term; `undefined` when no term names values. */
export function istioKeysOfEntry({ istio }: MatcherEntry): readonly string[] | undefined {
  const named = (istio?.terms ?? []).flatMap((term) => {
    const keys = keysOfTerm(term)
    return keys === undefined ? [] : [{ keys: [...new Set(keys)], rank: RANK[term.field] ?? 0 }]
  })
  return named.toSorted((a, b) => b.rank - a.rank || a.keys.length - b.keys.length)[0]?.keys
}

const RANK: Partial<Record<CallerTerm['field'], number>> = {
  principal: 3,
  requestPrincipal: 3,
  serviceAccount: 2,
  namespace: 1,
}

function keysOfTerm(term: CallerTerm): string[] | undefined {
  if (term.not) return undefined
  switch (term.field) {
    case 'principal':
      return allOf(term.values, (value) => (value.is === 'exact' ? `istio principal ${value.value}` : undefined))
    case 'serviceAccount':
      return allOf(term.values, ({ namespace, name }) => `istio serviceAccount ${namespace}/${name}`)
    case 'namespace':
      return allOf(term.values, ({ pieces: [only = '', ...more] }) =>
        more.length > 0 || only.includes('/') ? undefined : `istio namespace ${only}`,
      )
    case 'requestPrincipal':
      return allOf(term.values, ({ issuer }) => (issuer.is === 'exact' ? `issuer ${issuer.value}` : undefined))
    default:
      return undefined
  }
}

function allOf<Value>(values: readonly Value[], keyOf: (value: Value) => string | undefined): string[] | undefined {
  const keys = values.map(keyOf)
  return keys.every((key) => key !== undefined) ? keys : undefined
}

export function istioKeysOfWorkload(workload: Workload | undefined): readonly string[] {
  if (workload === undefined) return []
  const { uri } = workload.spiffeId
  const namespaces = partsBehind(uri, '/ns/')
  const accounts = partsBehind(uri, '/sa/')
  return [
    `istio principal ${uri.slice(SCHEME.length)}`,
    ...namespaces.map((namespace) => `istio namespace ${namespace}`),
    ...namespaces.flatMap((namespace) => accounts.map((name) => `istio serviceAccount ${namespace}/${name}`)),
  ]
}

/** Every part that stands behind the marker, wherever it occurs. */
function partsBehind(uri: string, marker: string): string[] {
  const parts: string[] = []
  for (let at = uri.indexOf(marker); at >= 0; at = uri.indexOf(marker, at + 1)) {
    const start = at + marker.length
    const slash = uri.indexOf('/', start)
    parts.push(uri.slice(start, slash < 0 ? undefined : slash))
  }
  return parts
}
