/** `nib`, compiled from sources into a folder of its own, so that what is asked is what is written. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectFolder } from './places.ts'

export interface CompiledNib {
  /** Path of `main.js`. */
  readonly main: string
  remove(): Promise<void>
}

/** @param edit changes the copy of `src` that is compiled. Types are not checked. */
export async function compileNib(edit?: (sources: string) => Promise<void>): Promise<CompiledNib> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-proof-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    for (const name of ['src', 'package.json', 'tsconfig.base.json', 'tsconfig.build.json'])
      await cp(join(projectFolder, name), join(folder, name), { recursive: true })
    await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'))
    await edit?.(join(folder, 'src'))
    const tsc = join(projectFolder, 'node_modules', '.bin', 'tsc')
    await promisify(execFile)(tsc, ['-p', join(folder, 'tsconfig.build.json'), '--noCheck'])
    return { main: join(folder, 'dist', 'main.js'), remove }
  } catch (problem) {
    await remove()
    throw problem
  }
}
