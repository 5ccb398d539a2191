/**
 * Reads `bridge.yaml` from disk and checks that every file and folder it names is there. Whether a key file holds a usable
 * key is judged by those who use it.
 */
import { dirname, resolve } from 'node:path'
import { listFiles, readText } from '../files/index.ts'
import { isJsonObject, type Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { isList, placeMistake, spellPath, type Mistake, type Path } from './document.ts'
import { byPlace, readConfig, type ReadConfig } from './parse-config.ts'
import { withoutSecrets } from './secrets.ts'
import { pathResolver, type ResolvePath } from './to-config.ts'

const MAX_BYTES = 1_048_576

/** @param path relative paths inside the file start from its folder. */
export async function loadConfig(path: string): Promise<Result<ReadConfig, readonly Diagnostic[]>> {
  const read = await readText(path, MAX_BYTES)
  if (!read.ok) {
    const hint = 'give the path of your bridge.yaml with --config'
    return err([{ severity: 'error', code: 'config-unreadable', message: `${path} ${read.error}`, hint, file: path }])
  }
  const at = pathResolver(dirname(resolve(path)))
  const { object, config, diagnostics } = readConfig({ file: path, text: read.value.text }, at)
  if (object === undefined) return err(diagnostics)
  const missing = await missingFiles(withoutSecrets(object.value), at)
  const all = [...diagnostics, ...missing.map((mistake) => placeMistake(object, mistake))].sort(byPlace)
  if (config === undefined || missing.length > 0) return err(all)
  return ok({ config, diagnostics: all })
}

async function missingFiles(document: Json, at: ResolvePath): Promise<Mistake[]> {
  const mistakes: Mistake[] = []
  for (const { path, name } of namedPaths(document, [])) {
    const place = at(name)
    const { problems } = await listFiles([place], { maxDepth: 0 })
    const problem = problems.find((one) => one.path === place)
    if (problem === undefined) continue
    const message = `${spellPath(path)}: ${place} ${problem.reason}`
    const hint = name === place ? 'check the path and the mount' : 'relative paths start from the folder of this file'
    mistakes.push({ code: 'file-missing', message, hint, path })
  }
  return mistakes
}

/** Every path in the document, sound or not: fields whose names end in `File`, `keys.file`, and `policy.folders`. */
export function namedPaths(value: Json, path: Path): { path: Path; name: string }[] {
  if (isList(value)) return value.flatMap((item, index) => namedPaths(item, [...path, index]))
  if (isJsonObject(value)) return Object.entries(value).flatMap(([key, member]) => namedPaths(member, [...path, key]))
  if (typeof value !== 'string' || value === '' || value === '(hidden)') return []
  const [last, before] = [path.at(-1), path.at(-2)]
  const isPath =
    (typeof last === 'string' && last.endsWith('File')) ||
    (last === 'file' && before === 'keys') ||
    (before === 'folders' && path[0] === 'policy')
  return isPath ? [{ path, name: value }] : []
}
