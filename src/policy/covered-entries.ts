/** Which entries others leave nothing of: denied ones, and those that a wider one beside them makes superfluous. Pure. */
import { coversTogether, type Pattern } from '../subject/index.ts'
import { EntryIndex } from './entry-index.ts'
import { byText, coversQueue, patternOf, type Entry } from './entry.ts'

/** Whether the denies leave nothing of the entry, each by itself or together. */
export function isDenied(entry: Entry, denies: EntryIndex): boolean {
  const { pattern } = entry
  if (denies.covering(pattern).some((deny) => coversQueue(deny, entry))) return true
  // Subjects of one length are covered by one deny or not at all: only a `>` can be covered length by length.
  if (pattern.tokens.at(-1) !== '>') return false
  const near = denies
    .overlapping(pattern)
    .filter((deny) => coversQueue(deny, entry) && coversSomeLength(deny.pattern, pattern))
  return near.length > 0 && coversTogether(near.map(patternOf), pattern)
}

/** Whether, of what `tail` matches, the other matches every subject of some length. */
function coversSomeLength({ tokens }: Pattern, tail: Pattern): boolean {
  return tokens.every((token, position) => {
    const other = tail.tokens[position]
    return token === '>' || token === '*' || (token === other && position < tail.tokens.length - 1)
  })
}

/** The same set without duplicates and without entries that another one covers, sorted. */
export function minimiseEntries(entries: Iterable<Entry>): Entry[] {
  const distinct = new Map<string, Entry>()
  for (const entry of entries) distinct.set(entry.text, entry)
  const all = [...distinct.values()]
  const index = new EntryIndex(all)
  return all.filter((entry) => !isCoveredByOther(entry, index)).toSorted(byText)
}

function isCoveredByOther(entry: Entry, index: EntryIndex): boolean {
  return index.covering(entry.pattern).some((other) => other !== entry && coversQueue(other, entry))
}
