/** Why an answer about principals is not the whole truth, and what would make it so. Pure data. */

export interface Gap {
  /** Stable. */
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Each once, in an order that does not depend on what was looked at first. */
export function sortGaps(gaps: readonly Gap[]): Gap[] {
  const distinct = [...new Map(gaps.map((gap) => [`${gap.code}\n${gap.message}`, gap]))]
  return distinct.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, gap]) => gap)
}
