/** `nib keys`: seeds go to files that only their owner reads; stdout sees public keys alone. */
import { readFile, writeFile } from 'node:fs/promises'
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
    const key = await readKey(file)
    if (typeof key === 'string') {
      output.error(`${file}: ${key}`)
      exitCode = 1
    } else shown.push(key)
  }
  if (options.json) {
    if (exitCode === 0) output.json(shown)
  } else for (const key of shown) output.line(`${key.publicKey}  ${key.kind.padEnd(8)}  ${key.file}`)
  return exitCode
}

async function readKey(file: string): Promise<ShownKey | string> {
  let seed: string
  try {
    seed = (await readFile(file, 'utf8')).trim()
  } catch {
    return 'cannot be read'
  }
  for (const [kind, role] of KINDS) {
    if (!seed.startsWith(`S${role}`)) continue
    const parsed = role === 'X' ? parseBoxKey(seed) : parseSigner(seed, role)
    return parsed.ok ? { file, kind, publicKey: parsed.value.publicKey } : parsed.error
  }
  return 'holds no seed (a line that starts with SA, SX, SU, SO or SN)'
}
