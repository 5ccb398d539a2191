/**
 * How nats-server decided a PUB before 2.11.17 and 2.12.8: a trie walk that, at the last token, looks at the literal branch
 * and forgets `*` beside it when that branch only leads deeper. An oracle for what `legacy` servers make of `pub` lists.
 */
import type { PermissionList } from '../../src/policy/decision.ts'

interface Level {
  readonly literals: Map<string, Branch>
  any: Branch | undefined
  hasTail: boolean
}

interface Branch {
  readonly next: Level
  isEntry: boolean
}

export function oldServerPermitsPublish({ allow, deny }: PermissionList, subject: string): boolean {
  const tokens = subject.split('.')
  return (allow.length === 0 || finds(trieOf(allow), tokens)) && !finds(trieOf(deny), tokens)
}

function trieOf(entries: readonly string[]): Level {
  const root = createLevel()
  for (const entry of entries) insert(root, entry.split('.'))
  return root
}

function insert(level: Level, [token = '', ...rest]: readonly string[]): void {
  if (token === '>') {
    level.hasTail = true
    return
  }
  const branch = branchOf(level, token)
  if (rest.length === 0) branch.isEntry = true
  else insert(branch.next, rest)
}

function branchOf(level: Level, token: string): Branch {
  if (token === '*') return (level.any ??= { next: createLevel(), isEntry: false })
  const branch = level.literals.get(token) ?? { next: createLevel(), isEntry: false }
  level.literals.set(token, branch)
  return branch
}

function createLevel(): Level {
  return { literals: new Map(), any: undefined, hasTail: false }
}

function finds(start: Level, tokens: readonly string[]): boolean {
  let level: Level | undefined = start
  let any: Branch | undefined
  let literal: Branch | undefined
  for (const [position, token] of tokens.entries()) {
    if (level === undefined) return false
    if (level.hasTail) return true
    any = level.any
    if (any !== undefined && finds(any.next, tokens.slice(position + 1))) return true
    literal = level.literals.get(token)
    level = literal?.next
  }
  if (literal !== undefined) return literal.isEntry
  return any?.isEntry ?? false
}
