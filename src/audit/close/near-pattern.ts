/** A pattern that a subject almost meets, and by what it misses. Pure. */
import { nearest } from '../../lib/nearest.ts'
import { matches, type Pattern } from '../../subject/index.ts'

export interface Near {
  readonly missing: string
  /** 0 is closest. */
  readonly distance: number
}

/** `undefined` when it meets, or when they have too little in common. */
export function nearPattern(pattern: Pattern, subject: Pattern): Near | undefined {
  if (matches(pattern, subject)) return undefined
  return byOneToken(pattern, subject) ?? byLength(pattern, subject)
}

function byOneToken({ tokens, text }: Pattern, subject: Pattern): Near | undefined {
  const isOpen = tokens.at(-1) === '>'
  const compared = isOpen ? tokens.slice(0, -1) : tokens
  if (isOpen ? subject.tokens.length <= compared.length : subject.tokens.length !== compared.length) return undefined
  const differing = compared.flatMap((token, position) => {
    const own = subject.tokens[position] ?? ''
    return token === own || (token === '*' && own !== '>') ? [] : [{ token, own }]
  })
  const [only, ...more] = differing
  if (only === undefined || more.length > 0 || compared.length < 2) return undefined
  const isNear = nearest(only.own, [only.token]) !== undefined
  if (isNear) return { missing: `did you mean ${text}? ${only.own} is almost ${only.token}`, distance: 0 }
  // Of two tokens, one that differs is half of the subject.
  return compared.length < 3
    ? undefined
    : { missing: `it has ${only.token} where the subject has ${only.own}`, distance: 2 }
}

function byLength({ tokens, text }: Pattern, subject: Pattern): Near | undefined {
  const wanted = subject.tokens.length
  if (Math.abs(tokens.length - wanted) !== 1 || Math.min(tokens.length, wanted) < 2) return undefined
  const shared = tokens.slice(0, wanted)
  if (!shared.every((token, i) => token === '*' || token === '>' || token === subject.tokens[i])) return undefined
  if (tokens.length > wanted) {
    const last = tokens.at(-1) ?? ''
    const missing =
      last === '>'
        ? `${text} begins one token deeper: > stands for at least one`
        : `the subject ends one token before ${text}`
    return { missing, distance: 1 }
  }
  const missing =
    tokens.at(-1) === '*'
      ? `* in ${text} is exactly one token, and the subject has one more`
      : `the subject has one token more than ${text}`
  return { missing, distance: 1 }
}
