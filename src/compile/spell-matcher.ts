/** The words of `policy/spell-matcher.ts`, under the name this room knows. Pure. */
export { spellMatcherEntry } from '../policy/spell-matcher.ts'
