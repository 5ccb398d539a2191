/** `nib keys`: seeds go to files that only their owner reads; stdout sees public keys alone. */
import { readFile, writeFile } from 'node:fs/promises'
import { seedLines } from '../keys/index.ts'
import { createBoxKey, createSigningKey, parseBoxKey, parseSigner, type SigningRole } from '../nkey/index.ts'
import type { Output } from './output.ts'

const KINDS: ReadonlyMap<string, SigningRole | 'X'> = new Map([
  ['account', 'A'],
  ['xkey', 'X'],
  ['user', 'U'],
  ['operator', 'O'],
  ['server', 'N'],
])

export async function makeKey(kind: string, options: { out: string; json?: true }, output: Output): Promise<number> {
  const role = KINDS.get(kind)
  if (role === undefined) {
    output.error(`unknown kind of key "${kind}"`, `one of ${[...KINDS.keys()].join(', ')}`)
    return 2
  }
  const { seed, publicKey } = role === 'X' ? createBoxKey() : createSigningKey(role)
  try {
    await writeFile(options.out, `${seed}\n`, { mode: 0o600, flag: 'wx' })
  } catch (problem) {
    const exists = problem instanceof Error && 'code' in problem && problem.code === 'EEXIST'
    output.error(
      exists ? `${options.out} exists already` : `cannot write ${options.out}`,
      exists ? 'a key in use must not be lost: choose another file' : 'does its folder exist?',
    )
    return 1
  }
  if (options.json) output.json({ kind, publicKey, file: options.out })
  else output.line(publicKey)
  return 0
}

interface ShownKey {
  readonly file: string
  readonly kind: string
  readonly publicKey: string
}

export async function showKeys(files: readonly string[], options: { json?: true }, output: Output): Promise<number> {
  const shown: ShownKey[] = []
  let exitCode = 0
  for (const file of files) {
    const keys = await readKeys(file)
    if (typeof keys === 'string') {
      output.error(`${file}: ${keys}`)
      exitCode = 1
    } else shown.push(...keys)
  }
  if (options.json) {
    if (exitCode === 0) output.json(shown)
  } else for (const key of shown) output.line(`${key.publicKey}  ${key.kind.padEnd(8)}  ${key.file}`)
  return exitCode
}

async function readKeys(file: string): Promise<readonly ShownKey[] | string> {
  let seeds: readonly string[]
  try {
    seeds = seedLines(await readFile(file, 'utf8'))
  } catch {
    return 'cannot be read'
  }
  if (seeds.length === 0) return NO_SEED
  const shown: ShownKey[] = []
  for (const [index, seed] of seeds.entries()) {
    const key = readKey(seed)
    if (typeof key === 'string') return seeds.length === 1 ? key : `seed ${index + 1} of ${seeds.length}: ${key}`
    shown.push({ file, ...key })
  }
  return shown
}

const NO_SEED = 'holds no seed (a line that starts with SA, SX, SU, SO or SN)'

function readKey(seed: string): Omit<ShownKey, 'file'> | string {
  for (const [kind, role] of KINDS) {
    if (!seed.startsWith(`S${role}`)) continue
    const parsed = role === 'X' ? parseBoxKey(seed) : parseSigner(seed, role)
    return parsed.ok ? { kind, publicKey: parsed.value.publicKey } : parsed.error
  }
  return NO_SEED
}
