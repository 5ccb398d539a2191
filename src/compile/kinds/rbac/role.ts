/**
 * A Role or ClusterRole -> the rules in it that grant NATS subjects. Pure.
 * A role that has none is left alone. One mistake in a rule on subjects, and the whole role grants nothing.
 */
import { remember } from '../../../lib/remember.ts'
import { z } from 'zod'
import { isJsonObject, type Json } from '../../../lib/json.ts'
import type { Origin } from '../../../policy/origin.ts'
import type { Pattern } from '../../../subject/index.ts'
import { isError, namespaceMistakes, originOf, type FamilyMember } from '../family.ts'
import { hasOurAnnotation, readWaivers, unusedWaivers } from '../../metadata.ts'
import { type Mistake } from '../../mistake.ts'
import { checkReach } from '../../reach.ts'
import { schemaMistakes } from '../../schema-mistakes.ts'
import { isList, valueAt, type SourceObject } from '../../source-object.ts'
import type { Labels } from './label-selector.ts'
import { mentionsUs, RBAC_VERSION, rbacMetadata } from './rbac-group.ts'
import { allowsByAnyGroup, readRule, type RbacVerb, type Reach } from './rule.ts'

export interface Role {
  readonly member: FamilyMember
  /** Whether anything in it is meant for this bridge, be it wrong. */
  readonly speaksOfSubjects: boolean
  /** Empty when the role has errors. */
  readonly rules: readonly RoleRule[]
  readonly mistakes: readonly Mistake[]
  /** Whether Kubernetes takes one of its rules to allow subjects although it does not name our API group. */
  readonly allowsByAnyGroup: boolean
  readonly labels: Labels
  /** As written: Kubernetes then fills in the rules. */
  readonly aggregationRule?: Json
}

export interface RoleRule {
  readonly verbs: readonly RbacVerb[]
  readonly patterns: readonly Pattern[]
  readonly origin: Origin
}

const document = z.strictObject({
  apiVersion: z.literal(RBAC_VERSION),
  kind: z.string(),
  metadata: rbacMetadata,
  rules: z.array(z.unknown()).nullish(),
  aggregationRule: z.unknown().optional(),
})

const roles = new WeakMap<SourceObject, Role>()

/** Read once for each object. */
export function readRole(member: FamilyMember): Role {
  return remember(roles, member.object, () => readAnew(member))
}

function readAnew(member: FamilyMember): Role {
  const { value, mistakes: lost } = member.object
  const written = valueAt(value, ['rules'])
  const list = isList(written) ? written : []
  const waivers = readWaivers(value)
  const used = new Set<string>()
  const reach: Reach = (text, path) => checkReach(text, path, waivers.waived, used)
  const mistakes: Mistake[] = []
  const rules: RoleRule[] = []
  let speaksOfSubjects = hasOurAnnotation(value) || (!isList(written) && mentionsUs(written))
  for (const index of list.keys()) {
    const path = ['rules', index]
    const read = readRule(value, path, reach)
    if (read === undefined) continue
    speaksOfSubjects = true
    mistakes.push(...read.mistakes)
    const { verbs, patterns } = read
    if (verbs.length > 0) rules.push({ verbs, patterns, origin: originOf(member, path, index) })
  }
  const aggregationRule = valueAt(value, ['aggregationRule'])
  const role = {
    member,
    speaksOfSubjects,
    allowsByAnyGroup: list.some(allowsByAnyGroup),
    labels: labelsOf(value),
    ...(isJsonObject(aggregationRule) ? { aggregationRule } : {}),
  }
  if (!speaksOfSubjects) return { ...role, rules: [], mistakes: [] }
  mistakes.unshift(...lost, ...documentMistakes(value), ...waivers.mistakes)
  if (mistakes.some(isError)) return { ...role, rules: [], mistakes }
  return { ...role, rules, mistakes: [...mistakes, ...namespaceMistakes(member), ...unusedWaivers(waivers, used)] }
}

function documentMistakes(value: Json): Mistake[] {
  const parsed = document.safeParse(value)
  return parsed.success ? [] : schemaMistakes(document, value, parsed.error.issues)
}

function labelsOf(value: Json): Labels {
  const labels = valueAt(value, ['metadata', 'labels'])
  if (!isJsonObject(labels)) return new Map()
  return new Map(
    Object.entries(labels).flatMap(([key, text]): [string, string][] =>
      typeof text === 'string' ? [[key, text]] : [],
    ),
  )
}
