/**
 * The operating system's notices of change, as far as they can be had. They only hasten a look, so a folder that
 * cannot be watched is no failure, and what a notice says is not believed.
 */
import { watch, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { FileListing } from './listing.ts'

export interface Notices {
  /** Follows the folders that matter now: those around the paths and those inside them. */
  follow(found: FileListing): Promise<void>
  close(): void
}

/** More folders than this are left to the poll: each costs the system a watch. */
const MAX_WATCHES = 128

interface Target {
  readonly folder: string
  readonly concerns: (name: string | null) => boolean
}

export function createNotices(paths: readonly string[], onNotice: () => void): Notices {
  const watchers = new Map<string, FSWatcher>()
  let closed = false

  const drop = (key: string, watcher: FSWatcher): void => {
    watcher.close()
    if (watchers.get(key) === watcher) watchers.delete(key)
  }

  return {
    async follow(found) {
      const targets = await targetsOf(paths, found)
      if (closed) return
      for (const [key, watcher] of watchers) if (!targets.has(key)) drop(key, watcher)
      for (const [key, { folder, concerns }] of targets) {
        if (watchers.has(key)) continue
        const watcher = tryWatch(folder, (name) => concerns(name) && onNotice())
        if (watcher === undefined) continue
        watchers.set(key, watcher)
        watcher.on('error', () => drop(key, watcher))
      }
    },
    close() {
      closed = true
      for (const [key, watcher] of watchers) drop(key, watcher)
    },
  }
}

/** Keyed by inode as well: a folder that was replaced is another folder, and the old watch has gone silent. */
async function targetsOf(paths: readonly string[], found: FileListing): Promise<Map<string, Target>> {
  const targets = new Map<string, Target>()
  const around = new Map<string, Set<string>>()
  for (const path of paths) {
    const names = around.get(dirname(path)) ?? new Set()
    around.set(dirname(path), names.add(basename(path)))
  }
  for (const [folder, names] of around) {
    const inode = await stat(folder).then(
      (facts) => facts.ino,
      () => undefined,
    )
    // `..data` is what Kubernetes renames; other neighbours are none of our business, and may be busy log files.
    const concerns = (name: string | null): boolean => name === null || names.has(name) || name.startsWith('..')
    if (inode !== undefined) targets.set(`around ${inode} ${folder}`, { folder, concerns })
  }
  for (const [folder, inode] of found.folders) {
    targets.set(`inside ${inode} ${folder}`, { folder, concerns: () => true })
  }
  return new Map([...targets].slice(0, MAX_WATCHES))
}

function tryWatch(folder: string, onName: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_event, name) => onName(name))
  } catch {
    return undefined
  }
}
