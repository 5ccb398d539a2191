/** Works something out once for an object, and keeps it as long as the object lives. Pure. */

/** @param make never gives `undefined`: that would be asked for again. */
export function remember<K extends object, V>(
  memory: Pick<WeakMap<K, V>, 'get' | 'set'>,
  key: K,
  make: (key: K) => V,
): V {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make(key)
  memory.set(key, made)
  return made
}
