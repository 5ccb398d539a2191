/** Documents of the same kind, namespace and name. Pure. In a cluster the last one written would win; here none does. */
import { groupBy } from '../../lib/group-by.ts'
import type { Mistake } from '../mistake.ts'
import { nameMember, type FamilyMember } from './family.ts'

interface Documented {
  readonly member: FamilyMember
}

/**
 * What there is to say of each document that has a double, when any of them matters: doubles that say nothing of subjects
 * are nobody's business here.
 */
export function doublesAmong<Item extends Documented>(
  items: readonly Item[],
  matters: (item: Item) => boolean,
): Map<Item, Mistake> {
  const found = new Map<Item, Mistake>()
  const names = new Set(items.filter(matters).map(({ member }) => nameMember(member)))
  if (names.size === 0) return found
  const near = items.filter(({ member }) => member.name !== undefined && names.has(nameMember(member)))
  for (const group of groupBy(near, ({ member }) => nameMember(member)).values()) {
    if (group.length < 2) continue
    for (const item of group) found.set(item, duplicate(item, group))
  }
  return found
}

function duplicate({ member }: Documented, group: readonly Documented[]): Mistake {
  const other = group.find((one) => one.member !== member)?.member.object
  const line = other?.locate(['metadata', 'name'], false)?.line
  const place = other?.file === undefined ? '' : `, also in ${other.file}${line === undefined ? '' : `:${line}`}`
  return {
    code: 'duplicate-document',
    message: `${nameMember(member)} exists ${group.length} times${place}`,
    hint: 'rename or remove one; none of them is used',
    path: ['metadata', 'name'],
  }
}
