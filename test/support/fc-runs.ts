/**
 * How often and from which seed a property on real parts runs. The same in every run, so that a red one can be run again:
 * FC_SEED tries others, FC_RUNS more of them; both stand in the title of the test.
 */

const DEFAULT_SEED = 20_261_121

export interface FcRuns {
  readonly seed: number
  readonly numRuns: number
  /** For the title of a test. */
  readonly said: string
}

export function fcRuns(usually: number): FcRuns {
  const seed = numberIn('FC_SEED') ?? DEFAULT_SEED
  const numRuns = numberIn('FC_RUNS') ?? usually
  return { seed, numRuns, said: `FC_SEED=${seed} FC_RUNS=${numRuns}` }
}

function numberIn(variable: string): number | undefined {
  const text = process.env[variable]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,10}$/.test(text)) throw new Error(`${variable} is ${JSON.stringify(text)}, expected a whole number`)
  return Number(text)
}
