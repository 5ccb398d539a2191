/** The table of families. A new one is one file and its name here. Pure. */
import type { SourceObject } from '../source-object.ts'
import { familyMember, type Family, type FamilyContext, type FamilyKind, type Resolved } from './family.ts'
import { rbac } from './rbac/rbac.ts'
import { serviceAccount } from './service-account.ts'

const FAMILIES: readonly Family[] = [rbac, serviceAccount]

export interface FamilyEntry {
  readonly family: Family
  readonly kind: FamilyKind
}

const entries: ReadonlyMap<string, FamilyEntry> = new Map(
  FAMILIES.flatMap((family) =>
    family.kinds.map((kind) => [keyOf(kind.apiGroup, kind.kind), { family, kind }] as const),
  ),
)

export function familyOf(apiGroup: string, kind: string): FamilyEntry | undefined {
  return entries.get(keyOf(apiGroup, kind))
}

/** The API groups in which families have a kind of this name; the core group is not told. */
export function familyGroupsOf(kind: string): string[] {
  return [...entries.values()].flatMap(({ kind: known }) =>
    known.kind === kind && known.apiGroup !== '' ? known.apiGroup : [],
  )
}

/** The names of the kinds that families have of an API group. */
export function familyKindsOf(apiGroup: string): string[] {
  return [...entries.values()].flatMap(({ kind }) => (kind.apiGroup === apiGroup ? kind.kind : []))
}

function keyOf(apiGroup: string, kind: string): string {
  return `${apiGroup}/${kind}`
}

export interface FamilyObject {
  readonly entry: FamilyEntry
  readonly object: SourceObject
}

export function resolveFamilies(objects: readonly FamilyObject[], context: FamilyContext): Resolved {
  const resolved = FAMILIES.map((family) =>
    family.resolve(
      objects
        .filter(({ entry }) => entry.family === family)
        .map(({ entry, object }) => familyMember(entry.kind, object)),
      context,
    ),
  )
  return {
    rules: resolved.flatMap(({ rules }) => rules),
    diagnostics: resolved.flatMap(({ diagnostics }) => diagnostics),
  }
}
