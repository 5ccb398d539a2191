/** Time comes in as a parameter; only `main.ts` and the commands hand out the wall clock. Pure. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

/** NumericDate of RFC 7519: whole seconds since the Unix epoch. */
export type EpochSeconds = number

export function toEpochSeconds(milliseconds: number): EpochSeconds {
  return Math.floor(milliseconds / 1000)
}
