/**
 * Reads files again and again and remembers what each held when it was last good: a broken, half-written or vanished file
 * is a diagnostic, not a lost key. A key that did not change stays the same object, so that what was worked out for it holds.
 */
import { createHash } from 'node:crypto'
import { toEpochSeconds } from '../lib/clock.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import {
  decodeAccountJwt,
  readAccountJwt,
  type AccountClaims,
  type AccountJwtSource,
  type TokenClaims,
} from './account-jwt.ts'
import { keyProblem } from './key-problem.ts'
import { readSeedFile } from './seed-file.ts'
import type { SeedFile } from './settings.ts'

export interface LoadedKey<K> {
  readonly file: string
  readonly publicKey: string
  readonly key: K
}

export interface KeyReader<K> {
  /** @returns the keys that can be used, in the order of the files and lines; problems go into `diagnostics`. */
  read(part: string, files: readonly SeedFile[], diagnostics: Diagnostic[]): Promise<LoadedKey<K>[]>
}

/** Making a key of a seed takes milliseconds, so an unchanged seed is recognised by its digest. */
export function createKeyReader<K extends { readonly publicKey: string }>(
  parse: (seed: string) => Result<K, string>,
): KeyReader<K> {
  const known = new Map<string, ReadonlyMap<string, K>>()

  async function readOne(part: string, file: string, diagnostics: Diagnostic[]): Promise<readonly K[]> {
    const before = known.get(file)
    const now = new Map<string, K>()
    const reading = await readSeedFile(part, file, (seed) => {
      const digest = createHash('sha256').update(seed).digest('base64')
      const same = before?.get(digest)
      const parsed = same === undefined ? parse(seed) : ok(same)
      if (parsed.ok) now.set(digest, parsed.value)
      return parsed
    })
    if (reading.ok) {
      known.set(file, now)
      diagnostics.push(...reading.value.warnings)
      return reading.value.keys
    }
    diagnostics.push(keptIf(before !== undefined, reading.error))
    return [...(before?.values() ?? [])]
  }

  return {
    async read(part, files, diagnostics) {
      const loaded: LoadedKey<K>[] = []
      for (const { seedFile: file } of files) {
        for (const key of await readOne(part, file, diagnostics)) {
          if (loaded.some(({ publicKey }) => publicKey === key.publicKey)) {
            const message = `the key ${key.publicKey} of ${part} is there twice`
            diagnostics.push(keyProblem('key-listed-twice', message, { part, file }, 'warning'))
          } else loaded.push({ file, publicKey: key.publicKey, key })
        }
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
  const decoded = new Map<string, { readonly token: string; readonly claims: TokenClaims }>()

  /** Verifying takes milliseconds and blocks, so an unchanged token is not verified again; its end is looked at each time. */
  function decodeOnce(file: string, token: string): TokenClaims | undefined {
    const before = decoded.get(file)
    if (before?.token === token) return before.claims
    const claims = decodeAccountJwt(token)
    if (claims !== undefined) decoded.set(file, { token, claims })
    return claims
  }

  return {
    async read(source, diagnostics) {
      const reading = await readAccountJwt(source, toEpochSeconds(now()), (token) => decodeOnce(source.file, token))
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
