/**
 * How often and from which seed a property on real parts runs. The same in every run, so that a red one can be run again:
 * FC_SEED tries others, FC_RUNS more of them; both stand in the title of the test.
 */

const DEFAULT_SEED = 20_261_121

/** Of every property, on real parts or not. */
export function fcSeed(): number {
  return numberIn('FC_SEED') ?? DEFAULT_SEED
}

export interface FcRuns {
  readonly seed: number
  readonly numRuns: number
  /** For the title of a test. */
  readonly said: string
  /** For the test as a whole; a little earlier the property ends by itself, as a failure that names its seed. */
  readonly timeoutMs: number
  readonly interruptAfterTimeLimit: number
  readonly markInterruptAsFailure: true
}

/** Time that a run may take on a busy machine, shrinking included. */
const MS_EACH = 2_000
const MS_ALWAYS = 60_000

/** @param suite of several that ask the same: each draws its own cases. */
export function fcRuns(usually: number, suite = 0): FcRuns {
  const seed = numberIn('FC_SEED') ?? DEFAULT_SEED + suite
  const numRuns = numberIn('FC_RUNS') ?? usually
  const limit = MS_ALWAYS + numRuns * MS_EACH
  return {
    seed,
    numRuns,
    said: `FC_SEED=${seed} FC_RUNS=${numRuns}`,
    timeoutMs: limit + MS_ALWAYS,
    interruptAfterTimeLimit: limit,
    markInterruptAsFailure: true,
  }
}

function numberIn(variable: string): number | undefined {
  const text = process.env[variable]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,10}$/.test(text)) throw new Error(`${variable} is ${JSON.stringify(text)}, expected a whole number`)
  return Number(text)
}
