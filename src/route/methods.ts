/** Which methods a `{method}` token can name. Pure. */
import type { CompiledRule } from '../istio/index.ts'
import { parseSubject } from '../subject/index.ts'

const STANDARD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** A token is the method in lower case, so a method that is not written in upper case has none. */
const METHOD = /^[A-Z0-9!#$%&'+^_`|~-]+$/

/** The usual ones and those that the rules name, sorted. */
export function methodsOf(rules: readonly CompiledRule[]): readonly string[] {
  const named = rules
    .flatMap(({ operations }) => operations.flat())
    .flatMap((term) => (term.field === 'method' ? term.values : []))
    .flatMap((value) => (value.is === 'exact' && isMethod(value.value) ? [value.value] : []))
  return [...new Set([...STANDARD, ...named])].toSorted()
}

function isMethod(text: string): boolean {
  return METHOD.test(text) && parseSubject(text.toLowerCase()).ok
}
