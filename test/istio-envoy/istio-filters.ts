/**
 * Has Istio's own Go packages make Envoy filters of policy sets: `generator/`, built once into the project's cache (about four minutes and
 * 1.5 GB of Go's caches on two cores, which is why the filters that tests use are recorded).
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../src/dev/nats-server/cache.ts'
import { runTool } from '../../src/dev/nats-server/tool.ts'
import type { Json, PolicySet } from './case.ts'
import { projectFolder } from './places.ts'

export interface Made {
  readonly filters: readonly Json[]
  readonly verdicts: readonly { readonly name: string; readonly error?: string; readonly warning?: string }[]
}

const BUILD_MS = 20 * 60_000

/** @param sets or anything of their shape: what is wrong with a policy is told in the verdicts. */
export async function istioFilters(sets: readonly PolicySet[], progress: (line: string) => void): Promise<Made[]> {
  const binary = await built(progress)
  const child = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdin.end(sets.map((set) => `${JSON.stringify(set)}\n`).join(''))
  const code = await ended
  const lines = text.split('\n').filter((line) => line !== '')
  if (code !== 0 || lines.length !== sets.length)
    throw new Error(`the generator gave ${lines.length} of ${sets.length} answers`)
  return lines.map((line) => JSON.parse(line) as Made)
}

async function built(progress: (line: string) => void): Promise<string> {
  const source = join(projectFolder, 'test', 'istio-envoy', 'generator')
  const hash = createHash('sha256')
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(source, file)))
  const folder = join(cacheFolder(process.env), 'istio-filters', hash.digest('hex').slice(0, 16))
  const binary = join(folder, 'istio-filters')
  if (await isThere(binary)) return binary
  progress("building the generator from Istio's Go packages; this takes minutes …")
  await mkdir(folder, { recursive: true })
  const making = `${binary}.${process.pid}`
  const done = await runTool('go', ['build', '-o', making, '.'], {
    env: process.env,
    timeoutMs: BUILD_MS,
    cwd: source,
  })
  if (!done.ok) throw new Error(`the generator cannot be built: ${done.error}`)
  await rename(making, binary)
  return binary
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch {
    return false
  }
}
