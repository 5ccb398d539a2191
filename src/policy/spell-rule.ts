/**
 * The canonical spelling of each rule of a model, without files and lines: equal for rules that say the same in the same document.
 * Pure. Snapshots are hashed from these, and two snapshots are compared by them.
 */
import { canonicalJson } from '../lib/json.ts'
import { remember } from '../lib/remember.ts'
import type { Pattern } from '../subject/index.ts'
import type { AccountRule, CeilingRule, Grant, GrantRule, LimitRule } from './model.ts'
import type { Origin } from './origin.ts'

/** Rules live as long as their documents stay as they are. */
const spellings = new WeakMap<object, string>()

export function spellAccountRule(rule: AccountRule): string {
  return spelling(rule, ({ origin, ...rest }) => ({ ...rest, origin: withoutPlace(origin) }))
}

export function spellGrantRule(rule: GrantRule): string {
  return spelling(rule, ({ origin, grant, ...rest }) => ({
    ...rest,
    grant: spellPatterns(grant),
    origin: withoutPlace(origin),
  }))
}

export function spellLimitRule(rule: LimitRule): string {
  return spelling(rule, ({ origin, ...rest }) => ({ ...rest, origin: withoutPlace(origin) }))
}

export function spellCeilingRule(rule: CeilingRule): string {
  return spelling(rule, ({ origin, publish, subscribe, ...rest }) => ({
    ...rest,
    publish: publish.map(textOf),
    subscribe: subscribe.map(textOf),
    origin: withoutPlace(origin),
  }))
}

function spelling<Rule extends object>(rule: Rule, spell: (rule: Rule) => unknown): string {
  return remember(spellings, rule, () => canonicalJson(spell(rule)))
}

function spellPatterns({ patterns, except, ...grant }: Grant): unknown {
  const without = except === undefined ? {} : { except: except.map(textOf) }
  return { ...grant, patterns: patterns.map(textOf), ...without }
}

function textOf(pattern: Pattern): string {
  return pattern.text
}

function withoutPlace({ file: _file, line: _line, through, ...origin }: Origin): unknown {
  return through === undefined ? origin : { ...origin, through: withoutPlace(through) }
}
