/**
 * The policy documents that lie in folders right now, all of one moment. Refuses to answer with less than what is there:
 * a folder that vanished, a file that cannot be read or is empty, a folder without documents, a folder that keeps changing.
 * An answer with parts missing could be a policy without its DENY.
 */
import { extname } from 'node:path'
import type { SourceText } from '../compile/index.ts'
import { listFiles, readText, type FileListing } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

/** As large as a ConfigMap can be. */
const MAX_FILE_BYTES = 1_048_576
const MAX_TOTAL_BYTES = 64 * 1_048_576
const MAX_ENTRIES = 10_000
/** Reads before a folder that changes under our eyes is given up until it changes again. */
const MAX_TRIES = 3

/** What counts inside a folder, as for `kubectl apply -f`: YAML, and JSON, which is YAML. Not hidden files, so also nothing twice through Kubernetes' `..data`. */
export const POLICY_FILES = { accept: isPolicyFile, maxEntries: MAX_ENTRIES }

/**
 * @param folders folders, or single files. @param nameFile how diagnostics and origins shall name a file.
 * @returns the texts in the order of their paths, or everything that stands in the way.
 */
export async function readPolicyFolders(
  folders: readonly string[],
  nameFile: (path: string) => string = (path) => path,
): Promise<Result<readonly SourceText[], readonly Diagnostic[]>> {
  for (let tries = 1; ; tries += 1) {
    const before = await listFiles(folders, POLICY_FILES)
    const problems = problemsWith(folders, before, nameFile)
    if (problems.length > 0) return err(problems)
    const read = await readAll(before, nameFile)
    const after = await listFiles(folders, POLICY_FILES)
    if (after.fingerprint === before.fingerprint) return read
    if (tries === MAX_TRIES)
      return err([problem('folder-unstable', folders.join(', '), 'keeps changing while it is read')])
  }
}

function problemsWith(
  folders: readonly string[],
  listing: FileListing,
  nameFile: (path: string) => string,
): readonly Diagnostic[] {
  if (listing.problems.length > 0) {
    return listing.problems.map(({ path, reason }) => problem('folder-unreadable', nameFile(path), reason))
  }
  if (listing.files.length === 0)
    return [problem('folder-empty', folders.map(nameFile).join(', '), 'holds no YAML file')]
  const total = listing.files.reduce((sum, { size }) => sum + size, 0)
  if (total <= MAX_TOTAL_BYTES) return []
  return [
    problem('folder-too-large', folders.map(nameFile).join(', '), `holds more than ${MAX_TOTAL_BYTES} bytes of YAML`),
  ]
}

async function readAll(
  listing: FileListing,
  nameFile: (path: string) => string,
): Promise<Result<readonly SourceText[], readonly Diagnostic[]>> {
  const texts: SourceText[] = []
  const problems: Diagnostic[] = []
  for (const path of new Set(listing.files.map((file) => file.path))) {
    const file = nameFile(path)
    const read = await readText(path, MAX_FILE_BYTES)
    if (!read.ok) problems.push(problem('file-unreadable', file, read.error))
    // What an editor leaves between truncating and writing; nobody means it as a policy.
    else if (read.value.text.trim() === '') problems.push(problem('file-empty', file, 'is empty'))
    else texts.push({ file, text: read.value.text })
  }
  return problems.length > 0 ? err(problems) : ok(texts)
}

function isPolicyFile(name: string): boolean {
  return ['.yaml', '.yml', '.json'].includes(extname(name).toLowerCase())
}

const HINTS = {
  'folder-unreadable': 'check the path, the mount and the permissions',
  'folder-empty': 'check the mount; for a policy that grants nothing, put a file in it that holds only a comment',
  'folder-too-large': 'give a folder that holds policy alone',
  'folder-unstable':
    'replace files by renaming, or the folder by swapping a symbolic link, instead of writing in place',
  'file-unreadable': 'check the permissions; a policy file is UTF-8 text of at most 1 MiB',
  'file-empty': 'delete it, or leave a comment in it',
} as const satisfies Record<string, string>

function problem(code: keyof typeof HINTS, file: string, reason: string): Diagnostic {
  return { severity: 'error', code, message: `${file} ${reason}`, hint: HINTS[code], file }
}
