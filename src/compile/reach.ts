/**
 * Patterns that reach where policy seldom means to go: the system's own subjects, inboxes of others, raw JetStream. Pure.
 * Each reach is an error unless the document waives it by name in an annotation, so that a reader sees it was meant.
 */
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { Mistake } from './mistake.ts'
import { quote, spellPath, type Path } from '../lib/spell.ts'

export const REACHES = ['reach-system', 'reach-inbox', 'reach-jetstream'] as const

type Reach = (typeof REACHES)[number]

export const WAIVE_ANNOTATION = 'nats-identity-bridge.dev/waive'

const RAW_JETSTREAM = 'raw JetStream subjects $JS.>'
const JETSTREAM: ReadonlyMap<string, string> = new Map([
  ['$JS', RAW_JETSTREAM],
  ['$JSC', "subjects $JSC.> of JetStream's cluster"],
  ['$NRG', "subjects $NRG.> by which JetStream's replicas agree"],
])

/** First tokens of subjects behind which more tokens follow: `$SYS` stands for `$SYS.>`. */
const TERRITORIES: Readonly<
  Record<Reach, { readonly owns: (first: string) => boolean; readonly name: (first: string) => string }>
> = {
  'reach-system': { owns: (first) => first === '$SYS', name: () => 'the system subjects $SYS.>' },
  // Private inboxes begin with `_INBOX_`, and custom prefixes of clients mostly do too.
  'reach-inbox': { owns: (first) => first.startsWith('_INBOX'), name: () => "other principals' inboxes _INBOX.>" },
  'reach-jetstream': {
    owns: (first) => JETSTREAM.has(first),
    name: (first) => JETSTREAM.get(first) ?? RAW_JETSTREAM,
  },
}

/**
 * What a pattern reaches. A wildcard as the first token reaches everything, `*` alone included: as a subscription
 * nats-server admits `>` under it.
 */
function reachesOf(pattern: Pattern): Reach[] {
  const [first = ''] = pattern.tokens
  if (first === '*' || first === '>') return [...REACHES]
  return REACHES.filter((reach) => TERRITORIES[reach].owns(first))
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
  const advice = text === '*' ? '* is one token, not everything; name the subjects' : hintFor(reach, text)
  return {
    code: reach,
    message: `${spellPath(path)} ${quote(text)} reaches ${TERRITORIES[reach].name(text.split('.')[0] ?? '')}`,
    hint: `${advice}, or waive it with the annotation ${WAIVE_ANNOTATION}: ${reach}`,
    path,
  }
}

function hintFor(reach: Reach, text: string): string {
  if (/^[*>]/.test(text)) return 'begin with a literal token'
  if (reach === 'reach-inbox') return 'use request or respond, which bring the inbox with them'
  return 'leave it out'
}
