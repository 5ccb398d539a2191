/** A folder of one test's own, with the ways in which files really change: in place, by rename, by Kubernetes' link swap. */
import { mkdtempSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface TempFolder {
  readonly path: string
  at(name: string): string
  write(name: string, text: string, mode?: number): string
  /** Writes beside and renames over, as careful editors do. */
  replace(name: string, text: string): void
  remove(name: string): void
  /** What kubelet does with a Secret or ConfigMap volume: all files of a version behind `..data`, swapped at once. */
  mount(version: string, files: Readonly<Record<string, string>>): void
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'nib-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  const at = (name: string): string => join(path, name)
  return {
    path,
    at,
    write(name, text, mode = 0o600) {
      mkdirSync(dirname(at(name)), { recursive: true })
      writeFileSync(at(name), text, { mode })
      return at(name)
    },
    replace(name, text) {
      writeFileSync(at(`.${name}.new`), text, { mode: 0o600 })
      renameSync(at(`.${name}.new`), at(name))
    },
    remove: (name) => rmSync(at(name), { recursive: true }),
    mount(version, files) {
      mkdirSync(at(`..${version}`))
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(at(`..${version}/${name}`), text, { mode: 0o600 })
      }
      symlinkSync(`..${version}`, at('..data_tmp'))
      renameSync(at('..data_tmp'), at('..data'))
      const present = new Set(readdirSync(path))
      for (const name of Object.keys(files)) if (!present.has(name)) symlinkSync(`..data/${name}`, at(name))
      for (const name of present) {
        const stale = name.startsWith('..') ? name !== '..data' && name !== `..${version}` : !Object.hasOwn(files, name)
        if (stale) rmSync(at(name), { recursive: true })
      }
    },
  }
}
