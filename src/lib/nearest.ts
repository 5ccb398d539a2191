/** The known word that a misspelt one was probably meant to be. Pure. */

/** Longer words are compared no further: nobody misspells them into one of ours. */
const MAX_LENGTH = 64

/**
 * The candidate with the fewest edits (insert, delete, replace, swap neighbours; letter case is free) from `word`.
 * At most `limit` edits, by default a third of the candidate's length.
 */
export function nearest(word: string, candidates: Iterable<string>, limit?: number): string | undefined {
  let best: string | undefined
  let fewest = Infinity
  for (const candidate of candidates) {
    const allowed = Math.min(limit ?? Math.floor(candidate.length / 3), fewest - 1)
    const edits = editsBetween(word.toLowerCase(), candidate.toLowerCase(), allowed)
    if (edits > allowed) continue
    best = candidate
    fewest = edits
  }
  return best
}

/** Optimal string alignment distance; anything above `limit` is reported as `Infinity`. */
function editsBetween(a: string, b: string, limit: number): number {
  if (a.length > MAX_LENGTH || Math.abs(a.length - b.length) > limit) return Infinity
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    before = last
    last = current
  }
  return last[b.length] ?? Infinity
}

/** `did you mean "publish"?`, when there is something near. */
export function didYouMean(word: string, candidates: Iterable<string>, limit?: number): string | undefined {
  const candidate = nearest(word, candidates, limit)
  return candidate === undefined ? undefined : `did you mean "${candidate}"?`
}
