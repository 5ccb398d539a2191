/**
 * Whether a member of a group, who is not known by name, may match an entry besides. Pure.
 * Remembered: it is asked again with each question that touches the same rules.
 */
import type { MatcherEntry } from '../../policy/matcher.ts'
import { mayMeet, type Described } from '../population/described.ts'
import type { Population } from '../population/population.ts'

/** Answers that are kept; then all are forgotten. */
const MOST_KEPT = 200_000

export class Meetings {
  readonly #population: Population
  #known = new WeakMap<Described, Map<MatcherEntry, boolean>>()
  #kept = 0

  constructor(population: Population) {
    this.#population = population
  }

  mayMeet(described: Described, entry: MatcherEntry): boolean {
    const known = this.#known.get(described)?.get(entry)
    if (known !== undefined) return known
    const answer = this.#tryMeeting(described, entry)
    if (this.#kept >= MOST_KEPT) {
      this.#known = new WeakMap()
      this.#kept = 0
    }
    let own = this.#known.get(described)
    if (own === undefined) {
      own = new Map()
      this.#known.set(described, own)
    }
    own.set(entry, answer)
    this.#kept += 1
    return answer
  }
  #tryMeeting(described: Described, entry: MatcherEntry): boolean {
    const population = this.#population
    const unnamed = population.unnamedIn(entry)
    return (
      unnamed !== undefined &&
      // Of an end user the name says too little: a token may bring more, and then the name is not the whole answer.
      mayMeet(described, unnamed, population.world, (principal) => population.isKnownWorkload(principal))
    )
  }
}
