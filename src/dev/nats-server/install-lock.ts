/**
 * Lets one process fetch while the others wait, to spare the network and the compiler. A lock whose owner is gone, or that is too old, is
 * void. It saves work only: two installations at once would do no harm, as each appears whole or not at all.
 */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than the slowest way of installing may take. */
const VOID_AFTER_MS = 20 * 60_000
/** How long a lock may be there without its owner's number. */
const UNWRITTEN_MS = 5_000
const POLL_MS = 200

/** Runs `work` when no other process holds the lock. */
export async function withLock<T>(path: string, work: () => Promise<T>, waiting: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  let announced = false
  while (!(await take(path))) {
    if (await isVoid(path)) {
      await rm(path, { force: true })
      continue
    }
    if (!announced) waiting()
    announced = true
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function isVoid(path: string): Promise<boolean> {
  try {
    const age = Date.now() - (await stat(path)).mtimeMs
    if (age > VOID_AFTER_MS) return true
    const owner = Number(await readFile(path, 'utf8'))
    // An owner creates the file, then writes its number into it.
    if (!Number.isInteger(owner) || owner <= 0) return age > UNWRITTEN_MS
    return !isAlive(owner)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
