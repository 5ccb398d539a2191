/** Medians and percentiles. Pure. An empty list has none: NaN. */

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Nearest rank; `ascending` is sorted already. */
export function percentile(ascending: ArrayLike<number>, fraction: number): number {
  const index = Math.min(ascending.length - 1, Math.max(0, Math.ceil(fraction * ascending.length) - 1))
  return ascending[index] ?? Number.NaN
}
