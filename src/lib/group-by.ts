/** Items in groups by key, each group in the order of the items. Pure. */
import { eachInSteps, finish, type Steps } from './steps.ts'

export type Groups<Item, Key> = Map<Key, [Item, ...Item[]]>

export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Groups<Item, Key> {
  return finish(groupInSteps(items, keyOf))
}

export function* groupInSteps<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Steps<Groups<Item, Key>> {
  const groups: Groups<Item, Key> = new Map()
  yield* eachInSteps(items, (item) => {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  })
  return groups
}
