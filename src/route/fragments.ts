/**
 * Segments that begin or end as path conditions ask, and a word that does neither. Pure.
 * Where several conditions know half of a segment, texts that meet two of them at once are among them.
 */
import type { PathMatch } from '../istio/index.ts'
import type { Pattern } from '../subject/index.ts'
import type { Cell } from './box.ts'
import { tokenOfSegment } from './segment.ts'

export interface Fragments {
  /** A token and its own segment, that no condition and no pattern names, begins or ends. */
  readonly fresh: string
  /** Segments of tokens that meet the half that the condition names. */
  textsFor(match: PathMatch): readonly string[]
  /** Last segments of paths that the condition knows by their end; without text where any will do. */
  endingsFor(match: PathMatch): readonly (readonly Cell[])[]
}

export function createFragments(conditions: readonly PathMatch[], patterns: readonly Pattern[]): Fragments {
  const heads = [...new Set(conditions.flatMap(headOf))]
  const tails = [...new Set(conditions.flatMap(tailOf))]
  const named = new Set([...patterns.flatMap(({ tokens }) => tokens), ...conditions.flatMap(segmentsOf)])
  const fresh = freshWord(named, heads, tails)
  const middle = ['', fresh]

  return { fresh, textsFor, endingsFor }

  function endingsFor(match: PathMatch): readonly (readonly Cell[])[] {
    if (match.is === 'template') {
      const rest = match.segments.findIndex((segment) => typeof segment !== 'string' && segment.any === 'rest')
      return [match.segments.slice(rest + 1).map((segment) => (typeof segment === 'string' ? segment : undefined))]
    }
    const [ending = '', ...after] = match.is === 'suffix' ? match.value.split('/') : []
    return ending === '' ? [after] : textsFor(match).map((text) => [text, ...after])
  }

  function textsFor(match: PathMatch): readonly string[] {
    const starts = match.is === 'prefix' ? headOf(match).flatMap(completed) : ['', ...heads.flatMap(completed)]
    const ends = match.is === 'suffix' ? tailOf(match) : ['', ...tails]
    const texts = starts.flatMap((start) => middle.flatMap((word) => ends.map((end) => `${start}${word}${end}`)))
    return [...new Set(texts)].filter((text) => tokenOfSegment(text).is === 'token')
  }
}

/** What stands behind the last slash, when the condition goes on there. */
function headOf(match: PathMatch): string[] {
  const text = match.is === 'prefix' ? (match.value.split('/').at(-1) ?? '') : ''
  return text === '' ? [] : [text]
}

function tailOf(match: PathMatch): string[] {
  const [text = ''] = match.is === 'suffix' ? match.value.split('/') : []
  return text === '' ? [] : [text]
}

function segmentsOf(match: PathMatch): string[] {
  if (match.is === 'presence') return []
  if (match.is === 'template') return match.segments.filter((segment) => typeof segment === 'string')
  return match.value.split('/')
}

/** A beginning may stop inside of `%3A`: then the first of all that it may go on with. */
function completed(head: string): string[] {
  const [, whole = '', digit] = /^(.*)%([0-9A-F]?)$/.exec(head) ?? []
  if (digit === undefined) return [head]
  const first = digit === '' ? ['3', '4', '2', '5'] : [digit]
  const texts = first.flatMap((one) => HEX.map((two) => `${whole}%${one}${two}`))
  return texts.filter((text) => tokenOfSegment(text).is === 'token').slice(0, 1)
}

const HEX = 'ABCDEF0123456789'.split('')

const LETTERS = 'xyzwvutsrqponmlkjihgfedcba'.split('')

function freshWord(named: ReadonlySet<string>, heads: readonly string[], tails: readonly string[]): string {
  for (const first of ['', ...LETTERS]) {
    for (const last of LETTERS) {
      const word = `${first}${last}`
      const isMet = heads.some((head) => word.startsWith(head)) || tails.some((tail) => word.endsWith(tail))
      if (!isMet && !named.has(word)) return word
    }
  }
  return `${LETTERS.join('')}1`
}
