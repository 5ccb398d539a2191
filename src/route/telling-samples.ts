/**
 * Of many samples those that say something: a sample that no condition and no pattern tells from all that is around it goes. Pure.
 */
import { operationTermTruth, UNKNOWN, type PathMatch } from '../istio/index.ts'
import { covers, matches, type Pattern } from '../subject/index.ts'

export interface BareSample {
  readonly subject: string
  /** The same, parsed. */
  readonly literal: Pattern
  /** That the subject stands for. */
  readonly path: string
  /** What else is like it. */
  readonly within: Pattern
  /** Whether all of that is; else some of it, which no pattern can say. */
  readonly isWhole: boolean
}

export interface Sample extends BareSample {
  /** The whole ones around it with nothing between. */
  readonly parents: readonly Sample[]
}

export function tellingSamples(
  samples: readonly BareSample[],
  conditions: readonly PathMatch[],
  patterns: readonly Pattern[],
): Sample[] {
  const judged = samples
    .map((sample): Judged => ({ sample, traits: traitsOf(sample, conditions, patterns) }))
    .toSorted((a, b) => breadthOf(b) - breadthOf(a))
  const kept: Judged[] = []
  const whole: Judged[] = []
  const rough = new Set<string>()
  // The wider come first, so whatever is around one is there already.
  for (const one of judged) {
    const parents = parentsOf(one.sample, whole)
    if (parents.length > 0 && parents.every(({ traits }) => traits === one.traits)) continue
    if (one.sample.isWhole) whole.push(one)
    else if (rough.has(keyOf(one))) continue
    else rough.add(keyOf(one))
    kept.push(one)
  }
  return link(kept)
}

interface Judged {
  readonly sample: BareSample
  /** What conditions and patterns say of it. */
  readonly traits: string
}

function traitsOf(
  { path, literal }: BareSample,
  conditions: readonly PathMatch[],
  patterns: readonly Pattern[],
): string {
  const operation = { ...NOTHING_KNOWN, path }
  const said = conditions.map((match) => operationTermTruth({ field: 'path', values: [match], not: false }, operation))
  return [...said, ...patterns.map((pattern) => matches(pattern, literal))]
    .map((one) => (one === true ? '1' : '0'))
    .join('')
}

const NOTHING_KNOWN = {
  method: UNKNOWN,
  host: UNKNOWN,
  port: UNKNOWN,
  destinationIp: UNKNOWN,
  sni: UNKNOWN,
  filterMetadata: UNKNOWN,
} as const

/** Whatever covers another is broader. Rough ones come last. */
function breadthOf({ sample: { within, isWhole } }: Judged): number {
  const tail = within.tokens.at(-1) === '>' ? 1000 : 0
  const free = within.tokens.filter((token) => token === '*').length
  return (isWhole ? 1_000_000 : 0) + tail * (65 - within.tokens.length) + free
}

function parentsOf({ within, isWhole }: BareSample, whole: readonly Judged[]): readonly Judged[] {
  const around = whole.filter(
    ({ sample }) => covers(sample.within, within) && (!isWhole || sample.within.text !== within.text),
  )
  return around.filter(
    (one) => !around.some((other) => other !== one && covers(one.sample.within, other.sample.within)),
  )
}

function keyOf({ sample: { within }, traits }: Judged): string {
  return `${within.text} ${traits}`
}

function link(kept: readonly Judged[]): Sample[] {
  const linked = new Map<Judged, Sample>()
  const whole: Judged[] = []
  return kept.map((one) => {
    const parents = parentsOf(one.sample, whole).flatMap((parent) => linked.get(parent) ?? [])
    const sample = { ...one.sample, parents }
    linked.set(one, sample)
    if (sample.isWhole) whole.push(one)
    return sample
  })
}
