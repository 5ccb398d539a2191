/** One side of a user JWT's permissions, in canonical form. Pure. */
import type { PermissionList } from './decision.ts'

/** A side without any list would mean everything. */
const CLOSED: PermissionList = Object.freeze({ allow: Object.freeze([]), deny: Object.freeze(['>']) })

export function permissionList(allow: readonly string[], deny: readonly string[]): PermissionList {
  return allow.length === 0 ? CLOSED : { allow: allow.toSorted(), deny: deny.toSorted() }
}
