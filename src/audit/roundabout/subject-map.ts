/**
 * Subject transforms of nats-server, applied to patterns in both directions: what becomes of subjects, and what they were. Pure.
 * Exact for `$1`, `{{wildcard(1)}}` and a trailing `>`; of the other functions the result is wider than the truth, and says so.
 * After server/subject_transform.go of 2.15.1.
 */
import { intersect, parsePattern, type Pattern } from '../../subject/index.ts'

/** As the server's own configuration writes it. */
export interface SubjectMap {
  readonly source: Pattern
  /** Empty: the subjects stay as they are. */
  readonly destination: string
}

export interface Mapped {
  readonly pattern: Pattern
  /** What of the pattern that was given this is. */
  readonly of: Pattern
  /** False: every subject of the truth is in the pattern, and maybe others. */
  readonly exact: boolean
}

const WILDCARD = /^(?:\$([1-9]\d{0,2})|\{\{\s*wildcard\(\s*(\d{1,3})\s*\)\s*\}\})$/i
/** Functions that make exactly one token. */
const ONE_TOKEN = /^\{\{\s*(?:partition|left|right|random)\(/i

type Target =
  { readonly is: 'text'; readonly text: string } | { readonly is: 'wildcard'; readonly at: number } | 'any' | 'tail'

/** What becomes of those subjects of the pattern that the map speaks of; `undefined` when there are none. */
export function mapForward(map: SubjectMap, pattern: Pattern): Mapped | undefined {
  const taken = intersect(map.source, pattern)
  if (taken === undefined) return undefined
  if (map.destination === '') return { pattern: taken, of: taken, exact: true }
  const { targets, exact } = targetsOf(map)
  const tokens = targets.flatMap((target): readonly string[] => {
    if (target === 'any') return ['*']
    if (target === 'tail') return exact ? taken.tokens.slice(map.source.tokens.length - 1) : ['>']
    return [target.is === 'text' ? target.text : (taken.tokens[target.at] ?? '*')]
  })
  return mapped(tokens, taken, exact)
}

/** What the subjects of the pattern were before the map. */
export function mapBackward(map: SubjectMap, pattern: Pattern): Mapped | undefined {
  if (map.destination === '') {
    const taken = intersect(map.source, pattern)
    return taken === undefined ? undefined : { pattern: taken, of: taken, exact: true }
  }
  const { targets, exact } = targetsOf(map)
  const made = parsePattern(targets.map(spellTarget).join('.'))
  const taken = made.ok ? intersect(made.value, pattern) : undefined
  if (taken === undefined) return undefined
  const was = [...map.source.tokens]
  for (const [index, target] of targets.entries()) {
    if (target === 'any' || (target !== 'tail' && target.is === 'text')) continue
    if (target === 'tail') {
      if (exact && was.at(-1) === '>') was.splice(-1, 1, ...taken.tokens.slice(index))
      continue
    }
    const token = taken.tokens[index] ?? '*'
    const before = was[target.at]
    if (token === '*' || token === '>' || token === before) continue
    if (before !== '*') return undefined
    was[target.at] = token
  }
  return mapped(was, taken, exact)
}

function targetsOf({ source, destination }: SubjectMap): {
  readonly targets: readonly Target[]
  readonly exact: boolean
} {
  const wildcards = source.tokens.flatMap((token, index) => (token === '*' ? [index] : []))
  const targets: Target[] = []
  for (const token of destination.split('.')) {
    const [, dollar, named] = WILDCARD.exec(token) ?? []
    const at = wildcards[Number(dollar ?? named) - 1]
    if (token === '>') targets.push('tail')
    else if (at !== undefined) targets.push({ is: 'wildcard', at })
    else if (ONE_TOKEN.test(token)) targets.push('any')
    else if (!token.startsWith('{{')) targets.push({ is: 'text', text: token })
    // Splitting and slicing make as many tokens as the subject has it.
    else return { targets: [...targets, 'tail'], exact: false }
  }
  return { targets, exact: !targets.includes('any') }
}

function spellTarget(target: Target): string {
  if (target === 'tail') return '>'
  return target === 'any' || target.is === 'wildcard' ? '*' : target.text
}

function mapped(tokens: readonly string[], of: Pattern, exact: boolean): Mapped | undefined {
  const pattern = parsePattern(tokens.join('.'))
  return pattern.ok ? { pattern: pattern.value, of, exact } : undefined
}
