/**
 * Token files as a kubelet keeps them: one per workload, made anew before they end, replaced by renaming so that no reader
 * sees half of one. Only their owner may read them.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface TokenFile {
  readonly path: string
  mint(): Promise<string>
}

export interface TokenFiles {
  stop(): void
}

/** A kubelet asks for a new token at 80 % of the life of the old one. */
const REFRESH_SHARE = 0.8

/** @returns after each file was written once. */
export async function keepTokenFiles(files: readonly TokenFile[], ttlSeconds: number): Promise<TokenFiles> {
  const writeAll = async (): Promise<void> => void (await Promise.all(files.map(replace)))
  await writeAll()
  // What cannot be written is tried again next time; the folder may be on its way out.
  const refresh = (): void => void writeAll().catch(() => undefined)
  const timer = setInterval(refresh, ttlSeconds * 1000 * REFRESH_SHARE).unref()
  return { stop: () => clearInterval(timer) }
}

async function replace({ path, mint }: TokenFile): Promise<void> {
  const draft = `${path}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(draft, await mint(), { mode: 0o600 })
  await rename(draft, path)
}
