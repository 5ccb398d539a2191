/** The table of kinds. A new kind is one file and its name here. Pure. */
import { accountMap } from './account-map.ts'
import type { PolicyKind } from './kind.ts'
import { subjectCeiling } from './subject-ceiling.ts'
import { subjectPolicy } from './subject-policy.ts'

export const KINDS: ReadonlyMap<string, PolicyKind> = new Map(
  [accountMap, subjectCeiling, subjectPolicy].map((kind) => [kind.kind, kind]),
)

/** JSON Schema of each kind as its documents are written, by kind; custom resource definitions and editors build on it. */
export function policyJsonSchemas(): ReadonlyMap<string, object> {
  return new Map([...KINDS].map(([name, kind]) => [name, kind.jsonSchema()]))
}
