/** Kubernetes label selectors (meta/v1 LabelSelector), as `aggregationRule` uses them. Pure. */
import { z } from 'zod'
import { refuse } from '../../values/refuse.ts'

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const

const requirement = z
  .strictObject({ key: z.string().min(1), operator: z.enum(OPERATORS), values: z.array(z.string()).nullish() })
  .transform((fields, ctx) => {
    if (ctx.issues.length > 0) return z.NEVER
    const { key, operator } = fields
    const values = fields.values ?? []
    const takesValues = operator === 'In' || operator === 'NotIn'
    if (takesValues === values.length > 0) return { key, operator, values }
    const reason = takesValues
      ? `has no values, which ${operator} needs`
      : `has values, which ${operator} does not take`
    return refuse(ctx, fields, { code: 'selector-invalid', reason })
  })

/** All that is written must hold; a selector that asks for nothing selects everything. */
export const labelSelector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).nullish(),
  matchExpressions: z.array(requirement).nullish(),
})

export type LabelSelector = z.output<typeof labelSelector>

export type Labels = ReadonlyMap<string, string>

export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labels.get(key) === value) &&
    (matchExpressions ?? []).every((one) => holds(one, labels))
  )
}

function holds({ key, operator, values }: z.output<typeof requirement>, labels: Labels): boolean {
  const value = labels.get(key)
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const isIn = value !== undefined && values.includes(value)
  // As in Kubernetes, a label that is not there is in no list.
  return operator === 'In' ? isIn : !isIn
}
