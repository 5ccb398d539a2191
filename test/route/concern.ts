/**
 * Where a path condition that subjects cannot say may be answered by less than HTTP gives: nowhere outside of what its whole
 * segments before the first doubtful one say.
 */

/** @param condition as a policy spells it */
export function mayConcern(condition: string, path: string): boolean {
  if (!condition.startsWith('/')) return true
  const own = path.split('/')
  const asked = condition.split('/')
  const doubtful = asked.findIndex((segment) => segment === '{**}' || (segment.includes('*') && segment !== '{*}'))
  const whole = doubtful < 0 ? asked : asked.slice(0, doubtful)
  if (doubtful < 0 && asked.length !== own.length) return false
  return whole.every((segment, i) => own[i] !== undefined && (segment === '{*}' || segment === own[i]))
}
