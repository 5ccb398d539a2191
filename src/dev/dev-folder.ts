/** A folder of its own for each run, for its owner alone: it holds seeds and tokens. Gone when the run ends, also by a crash. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface DevFolder {
  readonly path: string
  /** @returns the path of the file that was written. */
  write(name: string, text: string): Promise<string>
  remove(): Promise<void>
}

export async function createDevFolder(): Promise<DevFolder> {
  const path = await mkdtemp(join(tmpdir(), 'nib-dev-'))
  const removeNow = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', removeNow)
  return {
    path,
    async write(name, text) {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(file, text, { mode: 0o600 })
      return file
    },
    async remove() {
      await rm(path, { recursive: true, force: true })
      process.off('exit', removeNow)
    },
  }
}
