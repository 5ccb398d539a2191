/** The table of kinds. A new kind is one file and its name here. Pure. */
import { accountMap } from './account-map.ts'
import { authorizationPolicy } from './authorization-policy.ts'
import { API_GROUP, type PolicyKind } from './kind.ts'
import { subjectCeiling } from './subject-ceiling.ts'
import { subjectPolicy } from './subject-policy.ts'
import { subjectRoute } from './subject-route.ts'

const KINDS: readonly PolicyKind[] = [accountMap, subjectCeiling, subjectPolicy, subjectRoute, authorizationPolicy]

const byGroup: ReadonlyMap<string, ReadonlyMap<string, PolicyKind>> = new Map(
  [...new Set(KINDS.map(({ group }) => group))].map((group) => [
    group,
    new Map(KINDS.filter((kind) => kind.group === group).map((kind) => [kind.kind, kind])),
  ]),
)

export function kindOf(group: string, kind: string): PolicyKind | undefined {
  return byGroup.get(group)?.get(kind)
}

/** The names of the kinds that are read of an API group. */
export function kindNamesOf(group: string): readonly string[] {
  return [...(byGroup.get(group)?.keys() ?? [])]
}

/** JSON Schema of each of our kinds as its documents are written, by kind; custom resource definitions and editors build on it. */
export function policyJsonSchemas(): ReadonlyMap<string, object> {
  return new Map(
    [...(byGroup.get(API_GROUP)?.values() ?? [])].flatMap(({ kind, jsonSchema }) =>
      jsonSchema === undefined ? [] : [[kind, jsonSchema()] as const],
    ),
  )
}
