/**
 * The keys in one file: bare seeds, one on each line, as `nib keys`, `nk` and nsc write them; `-----` and `#` lines are skipped.
 * Two seeds in one file are how a key rotates without a restart. Refuses a file when any line of it is no seed of the right
 * kind; warns of files that everybody on the machine can read.
 */
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { keyProblem, type Place } from './key-problem.ts'

export interface SeedReading<K> {
  /** In the order of the lines, at least one. */
  readonly keys: readonly K[]
  readonly warnings: readonly Diagnostic[]
}

const MAX_BYTES = 4096
const MAX_SEEDS = 4
const READABLE_BY_ALL = 0o004

/** @param parse makes the key, or says in words that repeat nothing of the seed why it is none. */
export async function readSeedFile<K>(
  part: string,
  file: string,
  parse: (seed: string) => Result<K, string>,
): Promise<Result<SeedReading<K>, Diagnostic>> {
  const place: Place = { part, file }
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return err(keyProblem('key-file-unreadable', `the key file of ${part} ${read.error}`, place))
  const malformed = (what: string): Result<never, Diagnostic> =>
    err(keyProblem('key-file-malformed', `the key file of ${part} ${what}`, place))
  const seeds = seedLines(read.value.text)
  if (seeds.length === 0) return malformed('holds no seed')
  if (seeds.length > MAX_SEEDS) return malformed(`holds ${seeds.length} lines, expected at most ${MAX_SEEDS} seeds`)
  const keys: K[] = []
  for (const [index, seed] of seeds.entries()) {
    const key = parse(seed)
    const which = seeds.length === 1 ? '' : `, seed ${index + 1} of ${seeds.length}`
    if (!key.ok) return malformed(`cannot be used${which}: ${key.error}`)
    keys.push(key.value)
  }
  return ok({ keys, warnings: exposureOf(read.value.mode, place) })
}

/** A file that everybody on the machine can read is a key that everybody on the machine has. */
export function exposureOf(mode: number, place: Place): readonly Diagnostic[] {
  if ((mode & READABLE_BY_ALL) === 0) return []
  const message = `the key file of ${place.part} can be read by every user of this machine (mode ${mode.toString(8).padStart(4, '0')})`
  return [keyProblem('key-file-readable-by-all', message, place, 'warning')]
}

/** @returns what of a key file is meant to be a seed. */
export function seedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('-----'))
}
