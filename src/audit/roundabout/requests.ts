/**
 * The literal requests that a right allows: names filled in, filters as wide as allow and deny let through. Pure.
 * nats-server checks a request token by token, and `*` and `>` are literal tokens of it: under an allow of `….cart.*` a client may send
 * `….cart.>`, and a deny of `….secret.>` does not stop `….>`. So the widest filter is looked for, not the intersection.
 */
import { overlaps, parsePattern, type Pattern } from '../../subject/index.ts'
import type { Right } from './actors.ts'
import { mapOf } from './steps.ts'
import { mapForward } from './subject-map.ts'

/** Stands for a name that the client chooses. */
export const CHOSEN = 'any'
const MOST_TOKENS = 24

export interface Names {
  readonly stream?: string
  readonly consumer?: string
}

export interface Request {
  /** What the client publishes to. */
  readonly subject: string
  /** What it reads at most, where the subject says it. */
  readonly filter?: Pattern
}

/** The request without a filter; `undefined` when it is denied or the names are others. `*` stands for names that nobody knows. */
export function requestOf(right: Right, names: Names): Request | undefined {
  const tokens = nameTokens(right, names)
  if (tokens === undefined) return undefined
  // Numbers of a delivery that never was: an acknowledgement may be sent again.
  const filled =
    right.shape.verb === 'ack' ? tokens.map((token, index) => (index > 3 && token === '*' ? '1' : token)) : tokens
  const subject = admitted(right, filled)
  return subject === undefined ? undefined : { subject }
}

/** Requests with a filter each, that together read all of the target that any of them can read. */
export function filteredRequests(right: Right, names: Names, target: Pattern): Request[] {
  const { filter: at } = right.shape
  const tokens = nameTokens(right, names)
  if (at === undefined || tokens === undefined) return []
  const found = filtersUnder(tokens.slice(at), target, longestDeny(right) - at).flatMap((filter): Request[] => {
    const subject = admitted(right, [...tokens.slice(0, at), ...filter.tokens])
    return subject === undefined || !overlaps(filter, target) ? [] : [{ subject, filter }]
  })
  const widest = found.filter(
    (one) =>
      !found.some(
        (other) => other !== one && isWider(other, one) && (!isWider(one, other) || other.subject < one.subject),
      ),
  )
  return [...new Map(widest.map((one) => [one.subject, one])).values()]
}

function isWider({ filter: wide }: Request, { filter: narrow }: Request): boolean {
  if (wide === undefined || narrow === undefined) return false
  return (
    wide.tokens.every((token, index) => {
      const other = narrow.tokens[index]
      return token === '>'
        ? other !== undefined
        : other !== undefined && other !== '>' && (token === '*' || token === other)
    }) &&
    (wide.tokens.at(-1) === '>' || wide.tokens.length === narrow.tokens.length)
  )
}

/** The tokens of the right with the names in their places; a filter behind them stays as it is. */
function nameTokens({ pattern: { tokens }, shape }: Right, { stream, consumer }: Names): string[] | undefined {
  const named = [...tokens]
  const put = (index: number, name: string): boolean => {
    const token = named[index]
    if (token === '*') named[index] = name
    return token === '*' || token === name || name === '*'
  }
  if (shape.stream === undefined) return named
  if (stream !== undefined && !put(shape.stream, stream)) return undefined
  if (shape.hasConsumer && !put(shape.stream + 1, consumer ?? CHOSEN) && consumer !== undefined) return undefined
  return named
}

/** Where the allow leaves a token open the request has `*`: no literal token gets past more denies, or reads more. */
function filtersUnder(allow: readonly string[], target: Pattern, longest: number): Pattern[] {
  const last = allow.at(-1)
  const most = Math.min(MOST_TOKENS, Math.max(target.tokens.length, longest, allow.length) + 1)
  const texts: string[][] = []
  if (last === '>') {
    const before = allow.slice(0, -1)
    for (let length = allow.length; length <= most; length++) {
      const stars = Array.from({ length: length - allow.length }, () => '*')
      texts.push([...before, ...stars, '>'], [...before, ...stars, '*'])
    }
  } else {
    texts.push([...allow])
    if (last === '*') texts.push([...allow.slice(0, -1), '>'])
  }
  return texts.flatMap((tokens) => {
    const parsed = parsePattern(tokens.join('.'))
    return parsed.ok ? [parsed.value] : []
  })
}

function longestDeny({ actor }: Right): number {
  return Math.max(0, ...actor.publish.deny.map(({ pattern }) => pattern.tokens.length))
}

/** The subject as the client sends it, unless a deny meets it. */
function admitted({ actor, domain, imported }: Right, tokens: readonly string[]): string | undefined {
  const sent = imported === undefined ? inDomain(tokens, domain) : throughImport(tokens, imported)
  if (sent === undefined) return undefined
  return actor.publish.deny.some(({ pattern }) => meets(pattern.tokens, sent)) ? undefined : sent.join('.')
}

function inDomain(tokens: readonly string[], domain: string | undefined): readonly string[] {
  return domain === undefined || tokens[1] !== 'API' ? tokens : ['$JS', domain, ...tokens.slice(1)]
}

function throughImport(
  tokens: readonly string[],
  imported: NonNullable<Right['imported']>,
): readonly string[] | undefined {
  const pattern = parsePattern(tokens.join('.'))
  return pattern.ok ? mapForward(mapOf(imported), pattern.value)?.pattern.tokens : undefined
}

/** As the server matches a deny: the tokens that are sent stand for themselves. */
function meets(deny: readonly string[], sent: readonly string[]): boolean {
  for (const [position, token] of deny.entries()) {
    if (position >= sent.length) return false
    if (token === '>') return true
    if (token !== '*' && token !== sent[position]) return false
  }
  return deny.length === sent.length
}
