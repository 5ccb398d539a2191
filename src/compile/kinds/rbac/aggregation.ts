/**
 * Aggregated ClusterRoles: their rules are those of the ClusterRoles that their selectors select, and of what these aggregate
 * in turn. Pure. Rules of their own do not count: the controller of Kubernetes overwrites them.
 */
import { z } from 'zod'
import type { Mistake } from '../../mistake.ts'
import { schemaMistakes } from '../../schema-mistakes.ts'
import { labelSelector, selects, type LabelSelector } from './label-selector.ts'
import type { Role, RoleRule } from './role.ts'

export interface Aggregation {
  readonly rules: readonly RoleRule[]
  /** Of the selectors; a selector that cannot be read selects nothing. */
  readonly mistakes: readonly Mistake[]
}

const aggregationRule = z.strictObject({ clusterRoleSelectors: z.array(labelSelector).nullish() })

const documentOfRule = z.object({ aggregationRule })

export function aggregate(role: Role, clusterRoles: readonly Role[]): Aggregation {
  const { mistakes } = selectorsOf(role)
  if (role.aggregationRule === undefined) return { rules: role.rules, mistakes }
  const reached = new Set([role])
  // Grows while it is walked. In a circle of roles nobody brings the first rule.
  for (const one of reached) {
    const { selectors } = selectorsOf(one)
    if (selectors.length === 0) continue
    for (const other of clusterRoles) {
      if (selectors.some((selector) => selects(selector, other.labels))) reached.add(other)
    }
  }
  const rules = [...reached].flatMap((one) => (one.aggregationRule === undefined ? one.rules : []))
  return { rules, mistakes }
}

function selectorsOf({ aggregationRule: written, member }: Role): {
  readonly selectors: readonly LabelSelector[]
  readonly mistakes: readonly Mistake[]
} {
  if (written === undefined) return { selectors: [], mistakes: [] }
  const parsed = aggregationRule.safeParse(written)
  if (parsed.success) return { selectors: parsed.data.clusterRoleSelectors ?? [], mistakes: [] }
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['aggregationRule', ...issue.path] }))
  return { selectors: [], mistakes: schemaMistakes(documentOfRule, member.object.value, issues) }
}
