/**
 * Path templates: `{*}` is one segment that is not empty, `{**}` zero or more characters, slashes included. Pure.
 * Matched as Envoy does, whose segments are made of certain characters only: `[` and `]` for instance match neither.
 */
import type { PathSegment, PathTemplate } from './term.ts'

const ONE = '{*}'
const REST = '{**}'
const NO_LITERAL = /[^a-zA-Z0-9\-._~%!$&'()+,;:@=]/
/** What `{*}` stands for has none of these, what `{**}` stands for none but `/`. */
const NOT_IN_SEGMENT = /[^a-zA-Z0-9\-._~%!$&'()*+,;:@=]/
const NOT_IN_REST = /[^a-zA-Z0-9\-._~%!$&'()*+,;:@=/]/

/** Any path with one of the operators in it is a template to Istio, well written or not. */
export function isTemplate(path: string): boolean {
  return path.includes(ONE) || path.includes(REST)
}

/** Why Istio's validation, or Envoy after it, refuses a template; `undefined` when neither does. */
export function templateProblem(template: string): string | undefined {
  if (!template.startsWith('/')) return 'does not begin with "/", and Envoy refuses such a template'
  if (template.startsWith('//') || template.endsWith('//'))
    return 'has two slashes at an end, and Envoy refuses such a template'
  let restSeen = false
  for (const segment of trimSlashes(template).split('/')) {
    const isOperator = segment === ONE || segment === REST
    if (isOperator && restSeen) return `has an operator behind ${REST}, which must be the last one`
    if (segment === REST) restSeen = true
    if (isOperator) continue
    if (segment === '') return 'has an empty segment'
    if (/[{}]/.test(segment)) return 'has "{" or "}" beside its operators; an operator is a segment of its own'
    if (NO_LITERAL.test(segment)) return 'has a segment with characters that a template cannot have'
  }
  return undefined
}

/** Istio refuses braces in every path that is no template. */
export function hasBraces(path: string): boolean {
  return /[{}]/.test(path)
}

/** @param template one without {@link templateProblem}. */
export function parseTemplate(template: string): PathTemplate {
  const segments = template.slice(1).split('/').map(parseSegment)
  return { is: 'template', template, segments }
}

/** @param path normalised, without query. */
export function matchesTemplate({ segments }: PathTemplate, path: string): boolean {
  if (!path.startsWith('/')) return false
  let at = 0
  for (const [index, segment] of segments.entries()) {
    // `at` stands on the slash before this segment.
    if (at >= path.length) return false
    const start = at + 1
    if (typeof segment !== 'string' && segment.any === 'rest')
      return matchesRest(segments.slice(index + 1), path, start)
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const found = path.slice(start, end)
    if (typeof segment === 'string' ? found !== segment : found === '' || NOT_IN_SEGMENT.test(found)) return false
    at = end
  }
  return at === path.length
}

/** Behind `{**}` stand literals only, so what it stands for ends where they begin. */
function matchesRest(literals: readonly PathSegment[], path: string, start: number): boolean {
  const suffix = literals.map((literal) => `/${typeof literal === 'string' ? literal : ''}`).join('')
  const end = path.length - suffix.length
  return end >= start && path.endsWith(suffix) && !NOT_IN_REST.test(path.slice(start, end))
}

function parseSegment(segment: string): PathSegment {
  if (segment === ONE) return { any: 'segment' }
  return segment === REST ? { any: 'rest' } : segment
}

function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (start < end && path[start] === '/') start += 1
  while (end > start && path[end - 1] === '/') end -= 1
  return path.slice(start, end)
}
