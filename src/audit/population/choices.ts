/** The choices that an Istio condition leaves, one by one: for making up principals that match it. Pure. */
import type { CallerTerm } from '../../istio/index.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'

/** One entry for each choice of values; the first {@link MOST_CHOICES} of them. */
export function choicesOf(entry: MatcherEntry): readonly MatcherEntry[] {
  const { istio } = entry
  if (istio === undefined) return [entry]
  let choices: readonly (readonly CallerTerm[])[] = [[]]
  for (const term of istio.terms) {
    const each = term.not ? [term] : oneValueEach(term)
    choices = choices.flatMap((terms) => each.map((one) => [...terms, one])).slice(0, MOST_CHOICES)
  }
  return choices.map((terms) => ({ ...entry, istio: { ...istio, terms } }))
}

export const MOST_CHOICES = 100

function oneValueEach(term: CallerTerm): readonly CallerTerm[] {
  // Each case has its own type of values.
  switch (term.field) {
    case 'namespace':
      return term.values.map((value) => ({ ...term, values: [value] }))
    case 'serviceAccount':
      return term.values.map((value) => ({ ...term, values: [value] }))
    case 'trustDomain':
      return term.values.map((value) => ({ ...term, values: [value] }))
    case 'requestPrincipal':
      return term.values.map((value) => ({ ...term, values: [value] }))
    case 'principal':
      return term.values.map((value) => ({ ...term, values: [value] }))
    case 'claim':
      return term.values.map((value) => ({ ...term, values: [value] }))
    // Nobody knows these, so no value makes a difference.
    default:
      return [term]
  }
}
