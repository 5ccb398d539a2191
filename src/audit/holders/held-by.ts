/** What one principal holds of a pattern, and the rules that give it: read off the decision that its login would get. Pure. */
import type { Principal } from '../../identity/principal.ts'
import type { Allowed } from '../../policy/decision.ts'
import { minimiseEntries } from '../../policy/covered-entries.ts'
import { byText, intersectEntries, type Entry } from '../../policy/entry.ts'
import type { Grant, GrantRule } from '../../policy/model.ts'
import { sortOrigins, type Origin } from '../../policy/origin.ts'
import { overlaps, PatternIndex } from '../../subject/index.ts'
import { EntryIndex } from '../../policy/entry-index.ts'
import { extentOf, type Extent } from '../extent.ts'
import { entriesIn } from '../list-entries.ts'
import type { WhoCanQuestion } from './holder.ts'

export interface HeldBy {
  readonly account: string
  readonly extent: Exclude<Extent, 'none'>
  /** Sorted. */
  readonly entries: readonly Entry[]
  /** Sorted. */
  readonly without: readonly Entry[]
  /** The rules behind each entry, in the order of the entries. */
  readonly rulesOf: readonly (readonly Origin[])[]
  readonly rules: readonly Origin[]
}

/** Stands in place of what only a name can tell: each member of a pattern of principals has an inbox of its own. */
const OWN_INBOX = '_INBOX_<own>'

/** The kind of a rule that nobody writes. */
export const OWN_INBOX_RULE = 'own inbox of'

/** @param allows of the principal, in force, that touch the pattern. @returns `undefined` for one who holds nothing of it. */
export function heldBy(
  principal: Principal,
  decision: Allowed,
  allows: Iterable<GrantRule>,
  { action, pattern, queue }: WhoCanQuestion,
): HeldBy | undefined {
  const permissions = decision.permissions.filtering
  const { extent, entries } = extentOf(permissions, action, pattern, queue)
  if (extent === 'none') return undefined
  const list = action === 'publish' ? permissions.pub : permissions.sub
  const held = new EntryIndex(entries)
  const without = entriesIn(list.deny).flatMap((deny) =>
    held.overlapping(deny.pattern).flatMap((entry) => intersectEntries(deny, entry) ?? []),
  )
  const inbox = `${decision.inboxPrefix}.>`
  const own: Origin[] =
    action === 'subscribe' && list.allow.includes(inbox) ? [{ kind: OWN_INBOX_RULE, name: principal.name }] : []
  const sorted = entries.toSorted(byText)
  const givers = giversAmong([...allows], sorted.length)
  const rulesOf = sorted.map((entry) => {
    const rules = givers(entry).map(({ origin }) => origin)
    return sortOrigins(isBelow(entry, decision.inboxPrefix) ? [...rules, ...own] : rules)
  })
  return {
    account: decision.account,
    extent,
    entries: sorted,
    without: without.length === 0 ? without : minimiseEntries(without),
    rulesOf,
    rules: rulesOf.length === 1 ? (rulesOf[0] ?? []) : sortOrigins(rulesOf.flat()),
  }
}

/** The inbox of the one who was decided about, spelled for all of whom that is true. */
export function withoutOwnInbox(text: string, { inbox, inboxPrefix }: Allowed): string {
  if (inbox === 'shared' || !text.startsWith(`${inboxPrefix}.`)) return text
  return `${OWN_INBOX}${text.slice(inboxPrefix.length)}`
}

/** Below so many looks an index costs more than it saves. */
const FEW_LOOKS = 1_000

/** The rules behind an entry. @param entries how many are asked about */
function giversAmong(rules: readonly GrantRule[], entries: number): (entry: Entry) => readonly GrantRule[] {
  if (rules.length * entries <= FEW_LOOKS) {
    return (entry) =>
      rules.filter(
        ({ grant }) => isFor(grant, entry) && grant.patterns.some((pattern) => overlaps(pattern, entry.pattern)),
      )
  }
  const index = new PatternIndex<GrantRule>()
  for (const rule of rules) for (const pattern of rule.grant.patterns) index.add(pattern, rule)
  return (entry) => [...new Set(index.overlapping(entry.pattern).filter(({ grant }) => isFor(grant, entry)))]
}

function isFor(grant: Grant, { queue }: Entry): boolean {
  const queues = 'queues' in grant ? grant.queues : undefined
  return queues === undefined || queue === undefined || queues.some((one) => overlaps(one, queue))
}

function isBelow({ pattern }: Entry, inboxPrefix: string): boolean {
  return pattern.tokens[0] === inboxPrefix
}
