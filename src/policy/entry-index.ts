/**
 * Entries to be asked which of them cover or overlap a pattern. Pure.
 * Most principals hold a handful, for which a look at each is cheaper than building an index; it is built when first asked.
 */
import { covers, overlaps, PatternIndex, type Pattern } from '../subject/index.ts'
import type { Entry } from './entry.ts'

const FEW = 24

export class EntryIndex {
  readonly #entries: readonly Entry[]
  #index: PatternIndex<Entry> | undefined

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  /** The entries whose pattern covers this one, in no promised order. */
  covering(pattern: Pattern): Entry[] {
    if (this.#entries.length <= FEW) return this.#entries.filter((entry) => covers(entry.pattern, pattern))
    return this.#built().covering(pattern)
  }

  /** The entries whose pattern shares a subject with this one, in no promised order. */
  overlapping(pattern: Pattern): Entry[] {
    if (this.#entries.length <= FEW) return this.#entries.filter((entry) => overlaps(entry.pattern, pattern))
    return this.#built().overlapping(pattern)
  }

  #built(): PatternIndex<Entry> {
    if (this.#index !== undefined) return this.#index
    const index = new PatternIndex<Entry>()
    for (const entry of this.#entries) index.add(entry.pattern, entry)
    this.#index = index
    return index
  }
}
