/**
 * Real documents of other people, where a checkout has them beside it or NIB_CORPUS names their folder. A test that finds none is
 * skipped: they are not ours to copy.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { SourceText } from '../../src/compile/index.ts'

export const CORPUS = process.env['NIB_CORPUS'] ?? resolve(import.meta.dirname, '../../../shared/corpus')

/** @param folder inside the corpus; nothing when it is not there. File names start there. */
export function corpusFiles(folder = '.'): readonly SourceText[] {
  const path = join(CORPUS, folder)
  const files = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  return files
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(path, file), 'utf8') }))
}
