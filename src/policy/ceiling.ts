/** What matching principals can hold at most: the union of their ceilings. Pure, exact. */
import { DEAR, spend } from '../lib/effort.ts'
import { coveredByAny, intersect, minimise, type Pattern } from '../subject/index.ts'
import { entryOf, type Entry } from './entry.ts'
import type { CeilingRule } from './model.ts'

export interface Ceiling {
  cutPublish(entries: readonly Entry[]): readonly Entry[]
  cutSubscribe(entries: readonly Entry[]): readonly Entry[]
}

/** No ceiling at all caps nothing; a ceiling that lists nothing leaves nothing. */
export function ceilingOf(rules: readonly CeilingRule[]): Ceiling {
  if (rules.length === 0) return { cutPublish: (entries) => entries, cutSubscribe: (entries) => entries }
  const publish = minimise(rules.flatMap((rule) => rule.publish))
  const subscribe = minimise(rules.flatMap((rule) => rule.subscribe))
  return {
    cutPublish: (entries) => cut(entries, publish),
    cutSubscribe: (entries) => cut(entries, subscribe),
  }
}

function cut(entries: readonly Entry[], ceiling: readonly Pattern[]): Entry[] {
  return entries.flatMap((entry) => {
    spend(ceiling.length)
    if (coveredByAny(ceiling, entry.pattern)) return entry
    spend(DEAR * ceiling.length)
    return ceiling.flatMap((limit) => {
      const shared = intersect(entry.pattern, limit)
      return shared === undefined ? [] : entryOf(shared, entry.queue)
    })
  })
}
