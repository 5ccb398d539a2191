/** Grants that reach the whole of a stream or bucket say so, in an ALLOW and in a DENY. Pure. */
import type { Pattern } from '../../subject/index.ts'
import type { Mistake } from '../mistake.ts'
import { quote, spellPath } from '../../lib/spell.ts'
import { misplaced, type At } from './resource.ts'

/** `wholeStream: true` beside patterns that read narrower than it is. */
export function contradictsWhole(
  listed: readonly Pattern[] | undefined,
  at: At,
  field: string,
  whole: string,
): Mistake[] {
  return (listed ?? []).flatMap(({ text }, index) => {
    if (text === '>') return []
    const message = `${spellPath(at(field, index))} is ${quote(text)}, but ${whole}: true lets everything be read`
    const hint = `write ">" here, or remove ${whole}`
    return [{ code: 'whole-stream-contradicted', message, hint, path: at(field, index) }]
  })
}

/** A wildcard in a request reaches past a deny of single subjects, so a DENY of a part would promise what does not hold. */
export function denyOfPart(listed: readonly Pattern[] | undefined, at: At, field: string, things: string): Mistake[] {
  return (listed ?? []).flatMap(({ text }, index) => {
    if (text === '>') return []
    const message = `${spellPath(at(field, index))} is ${quote(text)}, expected ">": a DENY cannot keep single ${things} from a reader of others`
    const hint = `a request for a wider pattern would still read them; grant only the ${things} that may be read`
    return [{ code: 'deny-of-part', message, hint, path: at(field, index) }]
  })
}

export function wholeInDeny(whole: boolean | undefined, at: At, field: string): Mistake[] {
  return whole === undefined ? [] : [misplaced(at(field), 'does not go with action DENY: a DENY covers the whole')]
}
