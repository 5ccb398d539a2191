/**
 * What lies at some paths right now: files, folders all the way down, and a stamp that differs when a content does.
 * Hidden names are skipped inside folders, so a Kubernetes mount shows each file once and not again under `..data`.
 * Never throws: what cannot be listed is a problem in the listing, and part of its fingerprint.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface FileEntry {
  /** As it was named: the given path, or one below a given folder. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
}

export interface FileProblem {
  readonly path: string
  /** One clause, lower case, no period. */
  readonly reason: string
}

export interface FileListing {
  /** Sorted by path. */
  readonly files: readonly FileEntry[]
  /** Folders that were walked, each with the inode it had. */
  readonly folders: ReadonlyMap<string, bigint>
  readonly problems: readonly FileProblem[]
  /** Equal when nothing changed: names, real paths, sizes, inodes, times of change. */
  readonly fingerprint: string
}

export interface ListingOptions {
  /** Whether a file inside a folder counts; files named outright always do. Default: all. */
  readonly accept?: (name: string) => boolean
  /** Files and folders together. Default 10,000. */
  readonly maxEntries?: number
  /** Folder levels below a given path. Default 16. */
  readonly maxDepth?: number
}

export async function listFiles(paths: readonly string[], options: ListingOptions = {}): Promise<FileListing> {
  const walk = new Walk(options)
  for (const path of paths) await walk.visit(path, 0)
  return walk.listing()
}

class Walk {
  readonly #files: FileEntry[] = []
  readonly #folders = new Map<string, bigint>()
  readonly #problems: FileProblem[] = []
  readonly #stamps: string[] = []
  readonly #accept: (name: string) => boolean
  readonly #maxEntries: number
  readonly #maxDepth: number
  #entries = 0

  constructor({ accept = () => true, maxEntries = 10_000, maxDepth = 16 }: ListingOptions) {
    this.#accept = accept
    this.#maxEntries = maxEntries
    this.#maxDepth = maxDepth
  }

  async visit(path: string, depth: number): Promise<void> {
    try {
      const facts = await stat(path, { bigint: true })
      if (facts.isDirectory()) await this.#visitFolder(path, facts.ino, depth)
      else if (!facts.isFile()) this.#refuse(path, 'neither a file nor a folder')
      else if (this.#counts(path)) {
        const stamp = [await realpath(path), facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs]
        this.#files.push({ path, size: Number(facts.size), mode: Number(facts.mode) & 0o777 })
        this.#stamps.push(JSON.stringify([path, ...stamp.map(String)]))
      }
    } catch (error) {
      this.#refuse(path, reasonOf(error))
    }
  }

  listing(): FileListing {
    return {
      files: this.#files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      folders: this.#folders,
      problems: this.#problems,
      fingerprint: [...this.#stamps, ...this.#problems.map((problem) => JSON.stringify(problem))].sort().join('\n'),
    }
  }

  async #visitFolder(path: string, inode: bigint, depth: number): Promise<void> {
    if (!this.#counts(path)) return
    // The depth also ends a symbolic link that leads back up.
    if (depth > this.#maxDepth) return this.#refuse(path, `more than ${this.#maxDepth} folders deep`)
    this.#folders.set(path, inode)
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      if (entry.isFile() && !this.#accept(entry.name)) continue
      const child = join(path, entry.name)
      // A link may lead to a folder or to a file; only a file is judged by its name.
      if (entry.isSymbolicLink() && !this.#accept(entry.name) && !(await isFolder(child))) continue
      await this.visit(child, depth + 1)
    }
  }

  #counts(path: string): boolean {
    this.#entries += 1
    if (this.#entries === this.#maxEntries + 1) this.#refuse(path, `more than ${this.#maxEntries} files and folders`)
    return this.#entries <= this.#maxEntries
  }

  #refuse(path: string, reason: string): void {
    this.#problems.push({ path, reason })
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  )
}

const REASONS = new Map([
  ['ENOENT', 'does not exist'],
  ['EACCES', 'may not be read (permission denied)'],
  ['EPERM', 'may not be read (permission denied)'],
  ['ENOTDIR', 'leads through a file'],
  ['EISDIR', 'is a folder'],
  ['ELOOP', 'is a link that leads in a circle'],
])

/** Why a file could not be had, in words; never the content. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (typeof code === 'string' && (REASONS.get(code) ?? `cannot be read (${code})`)) || 'cannot be read'
}
