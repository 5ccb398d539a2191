/**
 * Where a path condition that subjects cannot say may be answered by less than HTTP gives: nowhere outside of what its whole
 * segments before the first doubtful one say.
 */
import { tokenOfSegment } from '../../src/route/segment.ts'

/** @param condition as a policy spells it */
export function mayConcern(condition: string, path: string): boolean {
  if (!condition.startsWith('/')) return true
  const own = path.split('/')
  const asked = condition.split('/')
  const doubtful = asked.findIndex(
    (segment) => (segment.includes('*') && segment !== '{*}') || tokenOfSegment(segment).is === 'unspellable',
  )
  const whole = doubtful < 0 ? asked : asked.slice(0, doubtful)
  if (doubtful < 0 && asked.length !== own.length) return false
  return whole.every((segment, i) => own[i] !== undefined && (segment === '{*}' || segment === own[i]))
}
