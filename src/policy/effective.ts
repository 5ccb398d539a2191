/**
 * What nats-server itself answers under given permissions, quirks included: PUB, SUB, and what it then delivers. Pure.
 * After server/client.go (canSubscribe, pubAllowed, checkDenySub) and sublist.go of 2.15.1, for connections of kind CLIENT.
 * Leaves out what `resp` adds while a reply is due, and account-level mappings, imports and exports.
 */
import { remember } from '../lib/remember.ts'
import type { DeliveryFilter, PermissionList, Permissions } from './decision.ts'

export type Action = 'publish' | 'subscribe'

export interface Subscription {
  /** May hold wildcards. */
  readonly subject: string
  readonly queue?: string
}

/** nats-server keeps this queue name for itself. */
const SYSTEM_QUEUE = '_sys_'

/** Whether the server accepts a PUB (of a literal subject) or a SUB (of a pattern, with a queue or without). */
export function permits(permissions: Permissions, action: Action, subject: string, queue?: string): boolean {
  const tokens = tokensOf(subject)
  if (tokens === undefined) return false
  return action === 'publish' ? permitsPublish(permissions, tokens) : permitsSubscribe(permissions.sub, tokens, queue)
}

/**
 * Whether a message on the literal `subject` reaches a subscription, the only one of its connection: a second one can
 * switch on a `legacy` server's filter, which lets through less, never more.
 */
export function delivers(
  permissions: Permissions,
  subscription: Subscription,
  subject: string,
  filter: DeliveryFilter,
): boolean {
  const wanted = tokensOf(subscription.subject)
  const tokens = tokensOf(subject)
  if (wanted === undefined || tokens === undefined) return false
  if (!meets(wanted, tokens) || !permitsSubscribe(permissions.sub, wanted, subscription.queue)) return false
  const isFiltered =
    filter === 'filtering' || parseList(permissions.sub.deny).some((deny) => isSubset(deny.tokens, wanted))
  return !isFiltered || !isDenied(permissions.sub.deny, tokens, subscription.queue)
}

function permitsPublish({ pub, resp }: Permissions, tokens: readonly string[]): boolean {
  // Two empty lists are no restriction; beside a deny, or with `resp`, an allow that is there and empty is a closed one.
  const isOpen = pub.allow.length === 0 && pub.deny.length === 0 && resp === undefined
  return (isOpen || matching(pub.allow, tokens).length > 0) && !isDenied(pub.deny, tokens, undefined)
}

function permitsSubscribe(
  { allow, deny }: PermissionList,
  tokens: readonly string[],
  queue: string | undefined,
): boolean {
  if (queue === SYSTEM_QUEUE) return false
  return (allow.length === 0 || isAllowed(allow, tokens, queue)) && !isDenied(deny, tokens, queue)
}

/** Entries with a queue, once one matches the subject, decide alone about subscriptions with a queue. */
function isAllowed(allow: readonly string[], tokens: readonly string[], queue: string | undefined): boolean {
  const met = matching(allow, tokens)
  const queued = met.filter((entry) => entry.queue !== undefined)
  if (queue !== undefined && queued.length > 0) return queued.some((entry) => meetsQueue(entry, queue))
  return met.some((entry) => entry.queue === undefined)
}

function isDenied(deny: readonly string[], tokens: readonly string[], queue: string | undefined): boolean {
  return matching(deny, tokens).some(
    (entry) => entry.queue === undefined || (queue !== undefined && meetsQueue(entry, queue)),
  )
}

interface ListEntry {
  readonly tokens: readonly string[]
  readonly queue: string | undefined
}

function matching(list: readonly string[], tokens: readonly string[]): ListEntry[] {
  return parseList(list).filter((entry) => meets(entry.tokens, tokens))
}

const parsedLists = new WeakMap<readonly string[], readonly ListEntry[]>()

/** Lists are frozen in a decision and asked many times: their entries are kept beside them. */
function parseList(list: readonly string[]): readonly ListEntry[] {
  return remember(parsedLists, list, () => list.map(parseEntry))
}

function parseEntry(text: string): ListEntry {
  const [subject = '', queue] = text.split(' ')
  return { tokens: subject.split('.'), queue }
}

/** Wildcards in the entry stand for tokens; the tokens asked about are taken literally, even `*` and `>`. */
function meets(entry: readonly string[], tokens: readonly string[]): boolean {
  for (const [position, token] of entry.entries()) {
    if (position >= tokens.length) return false
    if (token === '>') return true
    if (token !== '*' && token !== tokens[position]) return false
  }
  return entry.length === tokens.length
}

function meetsQueue({ queue }: ListEntry, name: string): boolean {
  return queue !== undefined && (queue === name || isSubset(name.split('.'), queue.split('.')))
}

/** Whether all that `narrow` matches, `wide` matches. */
function isSubset(narrow: readonly string[], wide: readonly string[]): boolean {
  for (const [position, token] of wide.entries()) {
    const other = narrow[position]
    if (other === undefined) return false
    if (token === '>') return true
    if (other === '>' || (token !== '*' && token !== other)) return false
  }
  return narrow.length === wide.length
}

/** The server inserts no subscription and matches no message with an empty token or with `>` before the end. */
function tokensOf(subject: string): string[] | undefined {
  const tokens = subject.split('.')
  const isValid = tokens.every((token, position) => token !== '' && (token !== '>' || position === tokens.length - 1))
  return isValid ? tokens : undefined
}
