/** Lines of an answer that say the same of the same principals, said once. Pure. */
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import type { Entry } from '../../policy/entry.ts'
import { isInside } from '../population/described.ts'
import type { Population } from '../population/population.ts'
import type { Holder } from './holder.ts'
import { OWN_INBOX_RULE, withoutOwnInbox } from './held-by.ts'
import type { Line } from './line.ts'

/** Comparing each with each is worth it up to here. */
const MOST_COMPARED = 300

/** @returns known ones first, each part sorted by principal. */
export function fold(lines: readonly Line[], population: Population): Holder[] {
  const known = lines.filter(({ described }) => described === undefined)
  const described = lines.filter((line) => line.described !== undefined)
  return [
    ...foldAliases(
      known.map((line) => {
        const { name } = line.principal
        return { name, local: population.aliases.get(name), holder: holderOf(line) }
      }),
    ),
    ...foldAliases(
      withoutInner(described, population).map((line) => {
        const holder = holderOf(line)
        return { name: holder.principal, local: line.described?.aliasOf, holder }
      }),
    ),
  ]
}

interface Named {
  readonly name: string
  /** Of a name under an alias of the trust domain: the name under the local one. */
  readonly local: string | undefined
  readonly holder: Holder
}

/** A name under an alias goes to the line of the name under the local trust domain, where both hold the same. */
function foldAliases(named: readonly Named[]): Holder[] {
  const locals = new Map(named.filter(({ local }) => local === undefined).map((one) => [one.name, one.holder]))
  const also = new Map<Holder, string[]>()
  const own = named.filter(({ name, local, holder }) => {
    const under = local === undefined ? undefined : locals.get(local)
    if (under === undefined || rightsOf(under) !== rightsOf(holder)) return true
    const names = also.get(under)
    if (names === undefined) also.set(under, [name])
    else names.push(name)
    return false
  })
  return own.toSorted(byName).map(({ holder }) => {
    const names = also.get(holder)
    return names === undefined ? holder : { ...holder, alsoAs: names.toSorted() }
  })
}

function byName(a: Named, b: Named): number {
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}

/** Without groups within another group that holds the same by at least the same rules. */
function withoutInner(lines: readonly Line[], { world }: Population): readonly Line[] {
  if (lines.length > MOST_COMPARED) return lines
  const texts = new Map(lines.map((line) => [line, extentIn(line)]))
  const isWithin = (inner: Line, outer: Line): boolean =>
    inner.described !== undefined &&
    outer.described !== undefined &&
    texts.get(inner) === texts.get(outer) &&
    isInside(inner.described, outer.described, world.trustDomains) &&
    namesIn(inner).every((name) => namesIn(outer).includes(name))
  return lines.filter(
    (line, i) =>
      !lines.some((other, j) => other !== line && isWithin(line, other) && (!isWithin(other, line) || j < i)),
  )
}

function extentIn({ held, decision }: Line): string {
  const entries = held.entries.map(({ text }) => withoutOwnInbox(text, decision))
  const without = held.without.map(({ text }) => withoutOwnInbox(text, decision))
  return JSON.stringify([held.account, held.extent, entries, without])
}

function namesIn({ held }: Line): string[] {
  return held.rules.map(nameRule)
}

function rightsOf({ account, extent, entries, without, rules }: Holder): string {
  return JSON.stringify([account, extent, entries.map(anyInbox), without.map(anyInbox), rules.map(nameRule)])
}

function nameRule(rule: Origin): string {
  return rule.kind === OWN_INBOX_RULE ? rule.kind : nameOrigin(rule)
}

/** Each name has an inbox of its own. */
function anyInbox(text: string): string {
  return text.replace(/^_INBOX_[0-9a-f]{32}\./, '_INBOX_<own>.')
}

function holderOf({ principal, decision, held, described }: Line): Holder {
  const { account, extent, entries, without } = held
  const textOf = ({ text }: Entry): string => (described === undefined ? text : withoutOwnInbox(text, decision))
  const ruleOf = (rule: Origin): Origin =>
    described !== undefined && rule.kind === OWN_INBOX_RULE ? { ...rule, name: described.description } : rule
  return {
    principal: described?.description ?? principal.name,
    known: described === undefined,
    account,
    extent,
    entries: entries.map(textOf),
    without: without.map(textOf),
    rules: held.rules.map(ruleOf),
    parts: entries.map((entry, i) => ({ entry: textOf(entry), rules: (held.rulesOf[i] ?? []).map(ruleOf) })),
  }
}
