/** The command-line tool, compiled from the sources as they are, as the command `nib` of a folder that scripts can have on their path. */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../../..')

export interface BuiltCli {
  /** Holds `nib` alone. */
  readonly bin: string
  remove(): Promise<void>
}

export async function buildCli(): Promise<BuiltCli> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-built-'))
  const bin = join(folder, 'bin')
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  // Whether the types fit is for the compiler to say elsewhere.
  const args = ['-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', join(folder, 'dist')]
  await promisify(execFile)(tsc, args)
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await mkdir(bin)
  await writeFile(join(bin, 'nib'), `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'dist/main.js')}' "$@"\n`)
  await chmod(join(bin, 'nib'), 0o700)
  return { bin, remove: () => rm(folder, { recursive: true, force: true }) }
}
