/** Who is left out by a condition that says `not`, as entries that match just those. Pure. */
import type { CallerTerm } from '../../istio/index.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'

/** One for each value that the entry excludes: whoever matches one of them does not match the entry. */
export function oppositesOf({ istio }: MatcherEntry): readonly MatcherEntry[] {
  return (istio?.terms ?? [])
    .filter(({ not }) => not)
    .flatMap(valuesOf)
    .map((term) => ({ istio: { terms: [term], whenUnknown: false } }))
}

function valuesOf(term: CallerTerm): readonly CallerTerm[] {
  // Each case has its own type of values.
  switch (term.field) {
    case 'principal':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    case 'namespace':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    case 'serviceAccount':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    case 'trustDomain':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    case 'requestPrincipal':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    case 'claim':
      return term.values.map((value) => ({ ...term, values: [value], not: false }))
    // Unknown when somebody connects, so nobody is left out by them.
    default:
      return []
  }
}
