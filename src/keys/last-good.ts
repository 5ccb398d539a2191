/**
 * Reads files again and again and remembers what each held when it was last good: a broken, half-written or vanished file
 * is a diagnostic, not a lost key. A key that did not change stays the same object, so that what was worked out for it holds.
 */
import { toEpochSeconds } from '../lib/clock.ts'
import type { Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { readAccountJwt, type AccountClaims, type AccountJwtSource } from './account-jwt.ts'
import { keyProblem } from './key-problem.ts'
import { readSeedFile } from './seed-file.ts'
import type { SeedFile } from './settings.ts'

export interface LoadedKey<K> {
  readonly file: string
  readonly publicKey: string
  readonly key: K
}

export interface KeyReader<K> {
  /** @returns the keys that can be used, in the order of the files; problems go into `diagnostics`. */
  read(part: string, files: readonly SeedFile[], diagnostics: Diagnostic[]): Promise<LoadedKey<K>[]>
}

export function createKeyReader<K extends { readonly publicKey: string }>(
  parse: (seed: string) => Result<K, string>,
): KeyReader<K> {
  const known = new Map<string, K>()

  async function readOne(part: string, file: string, diagnostics: Diagnostic[]): Promise<K | undefined> {
    const reading = await readSeedFile(part, file, parse)
    const before = known.get(file)
    if (!reading.ok) {
      diagnostics.push(keptIf(before !== undefined, reading.error))
      return before
    }
    diagnostics.push(...reading.value.warnings)
    const { key } = reading.value
    const current = before?.publicKey === key.publicKey ? before : key
    known.set(file, current)
    return current
  }

  return {
    async read(part, files, diagnostics) {
      const loaded: LoadedKey<K>[] = []
      for (const { seedFile: file } of files) {
        const key = await readOne(part, file, diagnostics)
        if (key === undefined) continue
        if (loaded.some((other) => other.publicKey === key.publicKey)) {
          const message = `two key files of ${part} hold the same key ${key.publicKey}`
          diagnostics.push(keyProblem('key-listed-twice', message, { part, file }, 'warning'))
        } else loaded.push({ file, publicKey: key.publicKey, key })
      }
      return loaded
    },
  }
}

export interface JwtReader {
  read(source: AccountJwtSource, diagnostics: Diagnostic[]): Promise<AccountClaims | undefined>
}

/** @param now milliseconds since the epoch. */
export function createJwtReader(now: () => number): JwtReader {
  const known = new Map<string, AccountClaims>()
  return {
    async read(source, diagnostics) {
      const reading = await readAccountJwt(source, toEpochSeconds(now()))
      const before = known.get(source.file)
      if (reading.ok) known.set(source.file, reading.value)
      else diagnostics.push(keptIf(before !== undefined, reading.error))
      return reading.ok ? reading.value : before
    },
  }
}

export function keptIf(kept: boolean, problem: Diagnostic): Diagnostic {
  return kept ? { ...problem, message: `${problem.message}; what was read before stays in use` } : problem
}
