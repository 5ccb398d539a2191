/**
 * The path of a request as a sidecar sees it when it decides: Istio's default normalisation, BASE. Pure.
 * Dot segments resolved (`%2e` is a dot; `..;x` is one too), `\` is `/`, escapes of unreserved characters decoded, other escapes kept as spelled,
 * `"<>^`{|}` escaped, `//` kept, the fragment cut off. Follows the canonical paths of Chromium's URL library, which Envoy uses;
 * `new URL()` is another algorithm.
 */

/** What HTTP/1.1 cannot carry in a request target: all but visible ASCII. */
const NOT_CARRIED = /[^!-~]/
/** Longer than paths are; a regular expression would need as much memory as the path is long. */
const MAX_QUICK = 8192
/** The target of `OPTIONS *`, which becomes the path `/*`. */
const ASTERISK = '*'
/** A path in which nothing has to be done. */
const NORMAL = /^(?:\/[\w~!$&'()*+,;=:@[\]-][\w.~!$&'()*+,;=:@[\]-]*)*\/?$/
const UNRESERVED = /[A-Za-z0-9\-._~]/
const ESCAPED = /["<>^`{|}]/
const HEX = /^[0-9A-Fa-f]{2}$/

/** The path to compare, and the query with its `?` (empty without one). */
export interface NormalisedTarget {
  readonly path: string
  readonly query: string
}

/** @param raw the request target, with query and fragment. @returns `undefined` when Envoy answers 400. */
export function normaliseTarget(raw: string): NormalisedTarget | undefined {
  if (NOT_CARRIED.test(raw) || (!raw.startsWith('/') && raw !== ASTERISK)) return undefined
  const hash = raw.indexOf('#')
  const target = hash < 0 ? raw : raw.slice(0, hash)
  const mark = target.indexOf('?')
  const written = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark)
  const isNormal = written.length <= MAX_QUICK && NORMAL.test(written)
  const path = isNormal ? written : canonicalPath(written === ASTERISK ? `/${written}` : withoutDotParameters(written))
  return path === undefined ? undefined : { path, query }
}

/** Path only, without query. */
export function normalisePath(raw: string): string | undefined {
  return normaliseTarget(raw)?.path
}

/** `..;x` is `..` since Envoy's answer to CVE-2026-73511; only where the dots are not escaped, and between true slashes. */
function withoutDotParameters(path: string): string {
  if (!path.includes('.;')) return path
  return path
    .split('/')
    .map((segment) => (segment.startsWith('.;') ? '.' : segment.startsWith('..;') ? '..' : segment))
    .join('/')
}

function canonicalPath(text: string): string | undefined {
  const out: string[] = ['/']
  /** Where in `out` a `%` stands that begins no escape: decoding behind it must not make it one. */
  let stray = -1
  for (let at = 1; at < text.length; at++) {
    const character = text.charAt(at)
    const dot = dotLength(text, at)
    if (dot > 0) {
      const step = out.at(-1) === '/' ? stepAfterDot(text, at + dot) : undefined
      if (step === undefined) out.push('.')
      else if (step.up) upOneFolder(out)
      if (stray >= out.length) stray = -1
      at += dot - 1 + (step?.length ?? 0)
    } else if (character === '\\') out.push('/')
    else if (character === '%') {
      const code = hexAt(text.charAt(at + 1), text.charAt(at + 2))
      if (code === undefined) {
        stray = out.length
        out.push('%')
        continue
      }
      // What no header may carry.
      if (code === 0) return undefined
      const decoded = String.fromCharCode(code)
      if (UNRESERVED.test(decoded)) {
        out.push(decoded)
        at += 2
        if (stray >= 0 && stray + 3 >= out.length) guardEscape(out, stray, text.charAt(at + 1))
      } else {
        out.push('%', text.charAt(at + 1), text.charAt(at + 2))
        at += 2
      }
    } else if (ESCAPED.test(character)) out.push(escapeOf(character))
    else out.push(character)
  }
  return out.join('')
}

/** `.` or `%2e`: how many characters it takes, 0 when there is none. */
function dotLength(text: string, at: number): number {
  if (text[at] === '.') return 1
  const isEscaped = text[at] === '%' && text[at + 1] === '2' && (text[at + 2] === 'e' || text[at + 2] === 'E')
  return isEscaped ? 3 : 0
}

interface Step {
  readonly up: boolean
  /** Characters behind the first dot that belong to the segment, its slash included. */
  readonly length: number
}

/** What a dot that begins a segment means; `undefined` when it is part of a name. */
function stepAfterDot(text: string, at: number): Step | undefined {
  if (at >= text.length) return { up: false, length: 0 }
  if (isSlash(text[at])) return { up: false, length: 1 }
  const second = dotLength(text, at)
  if (second === 0) return undefined
  if (at + second >= text.length) return { up: true, length: second }
  return isSlash(text[at + second]) ? { up: true, length: second + 1 } : undefined
}

/** @param out ends with a slash. */
function upOneFolder(out: string[]): void {
  if (out.length === 1) return
  do out.pop()
  while (out.length > 1 && out.at(-1) !== '/')
}

/** `%%37E` must not become the escape `%7E`: it becomes `%257E`. `next` is what comes behind `out`. */
function guardEscape(out: string[], percent: number, next: string): void {
  const second = out[percent + 2] ?? next
  if (hexAt(out[percent + 1] ?? '', second) !== undefined) out.splice(percent + 1, 0, '2', '5')
}

function hexAt(high: string, low: string): number | undefined {
  const digits = `${high}${low}`
  return HEX.test(digits) ? Number.parseInt(digits, 16) : undefined
}

function escapeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function isSlash(character: string | undefined): boolean {
  return character === '/' || character === '\\'
}
