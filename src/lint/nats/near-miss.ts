/** A DENY that meets nothing that is granted, and would with one word spelled differently. Pure. A DENY ahead of its time has no such word. */
import { nearest } from '../../lib/nearest.ts'
import { quote } from '../../lib/spell.ts'
import { parsePattern, PatternIndex, type Pattern } from '../../subject/index.ts'
import type { Rule, Suspicion } from '../finding.ts'
import { allowsOf, deniesOf, grantedBy, isOfRoute, sideOf, type Granted, type Side } from '../grant-rules.ts'

/** `v1` and `v2`, `eu` and `us` are words of their own. */
const SHORTEST_WORD = 4
const MAX_EDITS = 2

export const denyNearMiss: Rule = {
  code: 'deny-near-miss',
  severity: 'warning',
  title: 'a DENY that misses what is granted by a letter or two',
  why: 'A DENY of a subject that nobody is granted takes nothing from anybody. One word spelled differently, it would.',
  mend: 'spell the subject as it is granted',
  check: ({ model, isWritten }) => {
    const allowed = grantedBy(allowsOf(model))
    const grants = indexOf(allowed)
    const words = wordsOf(allowed)
    return grantedBy(deniesOf(model))
      .filter(({ rule, pattern }) => !isOfRoute(rule) && isWritten(rule.origin, pattern.text))
      .filter(({ pattern }) => (['publish', 'subscribe'] as const).every((side) => !meets(grants[side], pattern)))
      .flatMap(({ rule, pattern }): Suspicion[] => {
        const meant = respelled(pattern, words).find((one) => meets(grants[sideOf(rule.grant)], one))
        if (meant === undefined) return []
        const message = `${rule.grant.verb} ${quote(pattern.text)} is granted to nobody, and ${quote(meant.text)} is`
        return [{ at: { origin: rule.origin, written: pattern.text }, message }]
      })
  },
}

function indexOf(allowed: readonly Granted[]): Readonly<Record<Side, PatternIndex<Granted>>> {
  const index = { publish: new PatternIndex<Granted>(), subscribe: new PatternIndex<Granted>() }
  for (const one of allowed) index[sideOf(one.rule.grant)].add(one.pattern, one)
  return index
}

function meets(grants: PatternIndex<Granted>, pattern: Pattern): boolean {
  return grants.overlapping(pattern).length > 0
}

/** What is granted has at each place of a subject. */
function wordsOf(allowed: readonly Granted[]): ReadonlySet<string>[] {
  const words: Set<string>[] = []
  for (const { pattern } of allowed) {
    for (const [position, token] of pattern.tokens.entries()) (words[position] ??= new Set()).add(token)
  }
  return words
}

/** With one word exchanged for the nearest one that stands there in a grant. */
function respelled({ tokens }: Pattern, words: readonly ReadonlySet<string>[]): Pattern[] {
  return tokens.flatMap((token, position) => {
    const known = words[position] ?? new Set()
    if (token.length < SHORTEST_WORD || known.has(token)) return []
    const word = nearest(token, known, MAX_EDITS)
    if (word === undefined || word.length < SHORTEST_WORD) return []
    const parsed = parsePattern(tokens.with(position, word).join('.'))
    return parsed.ok ? [parsed.value] : []
  })
}
