/**
 * Patterns that reach where policy seldom means to go: the system's own subjects, inboxes of others, raw JetStream. Pure.
 * Each reach is an error unless the document waives it by name in an annotation, so that a reader sees it was meant.
 */
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { Mistake } from './mistake.ts'
import { quote, spellPath, type Path } from '../lib/spell.ts'

export const REACHES = ['reach-system', 'reach-inbox', 'reach-jetstream'] as const

export type Reach = (typeof REACHES)[number]

export const WAIVE_ANNOTATION = 'nats-identity-bridge.dev/waive'

/**
 * First tokens of subjects behind which more tokens follow, `$SYS` for `$SYS.>`, and what these are called. The first name also stands for
 * what a wildcard reaches.
 */
export const TERRITORIES: Readonly<Record<Reach, Readonly<Record<string, string>>>> = {
  'reach-system': { $SYS: 'the system subjects $SYS.>' },
  'reach-inbox': { _INBOX: "other principals' inboxes _INBOX.>" },
  'reach-jetstream': {
    $JS: 'raw JetStream subjects $JS.>',
    $JSC: "subjects $JSC.> of JetStream's cluster",
    $NRG: "subjects $NRG.> by which JetStream's replicas agree",
  },
}

/** What to do instead of reaching there. */
export const ADVICE = {
  star: '* is one token, not everything; name the subjects',
  wildcard: 'begin with a literal token',
  'reach-system': 'leave it out',
  'reach-inbox': 'use request or respond, which bring the inbox with them',
  'reach-jetstream': 'leave it out',
} as const satisfies Record<Reach | 'star' | 'wildcard', string>

export function waiverAdvice(reach: Reach): string {
  return `or waive it with the annotation ${WAIVE_ANNOTATION}: ${reach}`
}

/** Private inboxes begin with `_INBOX_`, and custom prefixes of clients mostly do too. */
function isIn(reach: Reach, first: string): boolean {
  return reach === 'reach-inbox' ? first.startsWith('_INBOX') : Object.hasOwn(TERRITORIES[reach], first)
}

function territoryOf(reach: Reach, first: string): string {
  const names = TERRITORIES[reach]
  return (Object.hasOwn(names, first) ? names[first] : Object.values(names)[0]) ?? reach
}

/**
 * What a pattern reaches. A wildcard as the first token reaches everything, `*` alone included: as a subscription
 * nats-server admits `>` under it.
 */
function reachesOf(pattern: Pattern): Reach[] {
  const [first = ''] = pattern.tokens
  if (first === '*' || first === '>') return [...REACHES]
  return REACHES.filter((reach) => isIn(reach, first))
}

/** Mistakes for whatever the text at `path` reaches without a waiver; what was waived is added to `used`. */
export function checkReach(text: string, path: Path, waived: ReadonlySet<string>, used: Set<string>): Mistake[] {
  const parsed = parsePattern(text)
  if (!parsed.ok) return []
  const mistakes: Mistake[] = []
  for (const reach of reachesOf(parsed.value)) {
    if (waived.has(reach)) used.add(reach)
    else mistakes.push(mistakeOf(reach, text, path))
  }
  return mistakes
}

function mistakeOf(reach: Reach, text: string, path: Path): Mistake {
  return {
    code: reach,
    message: `${spellPath(path)} ${quote(text)} reaches ${territoryOf(reach, text.split('.')[0] ?? '')}`,
    hint: `${adviceFor(reach, text)}, ${waiverAdvice(reach)}`,
    path,
  }
}

function adviceFor(reach: Reach, text: string): string {
  if (text === '*') return ADVICE.star
  return /^[*>]/.test(text) ? ADVICE.wildcard : ADVICE[reach]
}
