/**
 * The rules of a workload cut down to what may say something of one route: the same regions come out, and of thousands of paths only the
 * few that can hold there are looked at. Pure.
 */
import type { CompiledRule, OperationTerm, PathMatch, RuleSet } from '../istio/index.ts'
import { eachInSteps, type Steps } from '../lib/steps.ts'
import type { Box } from './box.ts'
import { PathIndex } from './path-index.ts'

/** @returns the rules for the paths of a route */
export type RulesNear = (route: Box) => RuleSet

export function* rulesNear(rules: RuleSet): Steps<RulesNear> {
  const [custom, deny, allow] = [yield* near(rules.custom), yield* near(rules.deny), yield* near(rules.allow)]
  return (route) => ({ ...rules, custom: custom(route), deny: deny(route), allow: allow(route) })
}

/** The operations of a rule that are one alternative. */
interface Alternative {
  readonly rule: CompiledRule
  readonly terms: readonly OperationTerm[]
  readonly position: number
}

interface Condition {
  readonly alternative: Alternative
  readonly term: OperationTerm
  readonly match: PathMatch
  readonly position: number
}

function* near(rules: readonly CompiledRule[]): Steps<(route: Box) => CompiledRule[]> {
  const everywhere: Alternative[] = []
  const conditions: Condition[] = []
  let position = 0
  for (const rule of rules) {
    for (const terms of rule.operations) {
      const alternative = { rule, terms, position: position++ }
      if (!terms.some(({ field, not }) => field === 'path' && !not)) everywhere.push(alternative)
      for (const term of terms) {
        if (term.field !== 'path') continue
        for (const match of term.values) conditions.push({ alternative, term, match, position: position++ })
      }
    }
  }
  const index = new PathIndex<Condition>()
  yield* eachInSteps(conditions, (condition) => index.add(condition.match, condition))
  return (route) => {
    const met = new Map<Alternative, Condition[]>(everywhere.map((alternative) => [alternative, []]))
    for (const condition of index.near(route).sort(byPosition)) {
      const known = met.get(condition.alternative)
      if (known === undefined) met.set(condition.alternative, [condition])
      else known.push(condition)
    }
    return inRules([...met].sort(([a], [b]) => byPosition(a, b)))
  }
}

function inRules(met: readonly (readonly [Alternative, readonly Condition[]])[]): CompiledRule[] {
  const operations = new Map<CompiledRule, (readonly OperationTerm[])[]>()
  for (const [{ rule, terms }, conditions] of met) {
    const known = operations.get(rule)
    const own = terms.map((term) => cutDown(term, conditions))
    if (known === undefined) operations.set(rule, [own])
    else known.push(own)
  }
  return [...operations].map(([rule, own]) => ({ ...rule, operations: own }))
}

function cutDown(term: OperationTerm, conditions: readonly Condition[]): OperationTerm {
  if (term.field !== 'path') return term
  return { ...term, values: conditions.filter((condition) => condition.term === term).map(({ match }) => match) }
}

function byPosition(a: { readonly position: number }, b: { readonly position: number }): number {
  return a.position - b.position
}
