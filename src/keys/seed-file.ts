/**
 * One key from one file. Takes the bare seed that `nib keys`, `nk` and nsc write, and the same between `-----` lines.
 * Refuses files with more than one seed; warns of files that everybody on the machine can read.
 */
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { keyProblem, type Place } from './key-problem.ts'

export interface SeedReading<K> {
  readonly key: K
  readonly warnings: readonly Diagnostic[]
}

const MAX_BYTES = 4096
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
  const seeds = seedLines(read.value.text)
  const [seed] = seeds
  if (seed === undefined || seeds.length > 1) {
    const found = seed === undefined ? 'no seed' : `${seeds.length} lines that could be a seed`
    return err(keyProblem('key-file-malformed', `the key file of ${part} holds ${found}, expected exactly one`, place))
  }
  const key = parse(seed)
  if (!key.ok) return err(keyProblem('key-file-malformed', `the key file of ${part}: ${key.error}`, place))
  return ok({ key: key.value, warnings: exposureOf(read.value.mode, place) })
}

/** A file that everybody on the machine can read is a key that everybody on the machine has. */
export function exposureOf(mode: number, place: Place): readonly Diagnostic[] {
  if ((mode & READABLE_BY_ALL) === 0) return []
  const message = `the key file of ${place.part} can be read by every user of this machine (mode ${mode.toString(8).padStart(4, '0')})`
  return [keyProblem('key-file-readable-by-all', message, place, 'warning')]
}

function seedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('-----'))
}
