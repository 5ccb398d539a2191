/**
 * A publish check that `legacy` servers get wrong: beside an entry `a.b.c` they overlook that `a.*` matches `a.b`, in allow
 * and in deny alike (sublist.go, matchLevelForAny; seen on 2.10.26, 2.11.11 and in 2.12.2). Spelling `a.b` out cures it. Pure.
 */
import type { Entry } from './entry.ts'

/** What has to be spelled out beside the entries. @param entries minimised, without queues */
export function spellOutShadowed(entries: readonly Entry[]): string[] {
  const stars = new Set(entries.filter(({ pattern }) => pattern.tokens.at(-1) === '*').map(({ text }) => text))
  if (stars.size === 0) return []
  const shadowed = new Set<string>()
  for (const { pattern } of entries) {
    for (const [position, token] of pattern.tokens.slice(0, -1).entries()) {
      const before = pattern.tokens.slice(0, position)
      if (token !== '*' && stars.has([...before, '*'].join('.'))) shadowed.add([...before, token].join('.'))
    }
  }
  return [...shadowed]
}
