/**
 * Samples of a route's subjects, each found to be so or so -> patterns that say where it is so. Pure.
 * A sample that is like all around it needs no pattern of its own.
 */
import type { Sample } from '../../route/index.ts'
import { covers, matches, minimise, type Pattern } from '../../subject/index.ts'

export interface Region {
  readonly subjects: readonly Pattern[]
  /** Inside the subjects; of a subject that both hold, the more specific pattern decides. */
  readonly without: readonly Pattern[]
  readonly extent: 'all' | 'part'
  readonly example: Sample
}

/** @param kinds of the samples, one by one @returns each kind once */
export function regionsOf(samples: readonly Sample[], kinds: readonly string[]): Map<string, Region> {
  const kindOf = new Map(samples.map((sample, i) => [sample, kinds[i] ?? '']))
  const told = (sample: Sample): boolean =>
    sample.parents.length === 0 || sample.parents.some((parent) => kindOf.get(parent) !== kindOf.get(sample))
  const telling = samples.filter((sample) => sample.isWhole && told(sample))
  const rough = samples.filter(({ isWhole }) => !isWhole)
  const regions = new Map<string, Region>()
  for (const kind of new Set(kinds)) {
    const isOfKind = (sample: Sample): boolean => kindOf.get(sample) === kind
    const own = telling.filter(isOfKind).map(({ within }) => within)
    const others = telling.filter((sample) => !isOfKind(sample)).map(({ within }) => within)
    const beside = rough.filter((sample) => isOfKind(sample) && !isSaid(sample, own, others))
    const isMissing = rough.some((sample) => !isOfKind(sample) && isSaid(sample, own, others))
    const partly = minimise(beside.map(({ within }) => within)).filter((pattern) => !own.includes(pattern))
    const example = samples.filter(isOfKind).toSorted(byLength)[0]
    if (example === undefined) continue
    regions.set(kind, {
      subjects: [...own, ...partly],
      without: others.filter((other) => own.some((pattern) => covers(pattern, other))),
      extent: beside.length > 0 || isMissing ? 'part' : 'all',
      example,
    })
  }
  return regions
}

/** Whether the patterns, of which the most specific decides, have the subject. */
function isSaid({ literal }: Sample, own: readonly Pattern[], others: readonly Pattern[]): boolean {
  const holding = [...own, ...others].filter((pattern) => matches(pattern, literal))
  return holding.some(
    (pattern) => own.includes(pattern) && !holding.some((other) => other !== pattern && covers(pattern, other)),
  )
}

/** The plain ones first. */
function byLength(a: Sample, b: Sample): number {
  return a.subject.length - b.subject.length
}
