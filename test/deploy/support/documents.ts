/** Every policy document of our kinds that this project has: in `deploy`, in the pages of `docs`, in the golden files, good and bad. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compile, policyJsonSchemas, readYaml } from '../../../src/compile/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../src/lib/json.ts'
import type { Diagnostic } from '../../../src/policy/diagnostic.ts'
import { API_VERSION, OPTIONS } from '../../compile/support.ts'

export interface WrittenDocument {
  /** File, and which document of it. */
  readonly place: string
  readonly kind: string
  readonly value: JsonObject
}

const ROOT = resolve(import.meta.dirname, '../../..')
const FOLDERS = ['deploy', 'docs', 'test/golden', 'test/support', 'test/cli']
const KINDS: ReadonlySet<string> = new Set(policyJsonSchemas().keys())

/** Without those whose text itself is broken (a key twice, an anchor): what is sent to the API is another document. */
export function projectDocuments(): readonly WrittenDocument[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .toSorted()
      .flatMap((file) => yamlIn(join(folder, file))),
  ).flatMap(({ place, text }) => documentsIn(text, place))
}

function yamlIn(path: string): { place: string; text: string }[] {
  if (/\.ya?ml$/.test(path)) return [{ place: path, text: readFileSync(join(ROOT, path), 'utf8') }]
  if (!path.endsWith('.md')) return []
  const blocks = readFileSync(join(ROOT, path), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)
  return [...blocks].map(([, text = ''], index) => ({ place: `${path} block ${index + 1}`, text }))
}

export function documentsIn(text: string, place: string): WrittenDocument[] {
  const { objects } = readYaml({ file: 'x.yaml', text })
  return objects.flatMap(({ value, mistakes }, index) => {
    if (mistakes.length > 0 || !isJsonObject(value) || value['apiVersion'] !== API_VERSION) return []
    const { kind } = value
    if (typeof kind !== 'string' || !KINDS.has(kind)) return []
    return [{ place: `${place} #${index + 1}`, kind, value }]
  })
}

/** The codes of the errors that compile finds in a document when nothing else is there. */
export function errorsAlone(value: Json): readonly string[] {
  return [...new Set(mistakesAlone(value).map(({ code }) => code))].toSorted()
}

/** Errors of the compiler about one document. */
export function mistakesAlone(value: Json): readonly Diagnostic[] {
  const { diagnostics } = compile([{ file: 'x.yaml', text: JSON.stringify(value) }], OPTIONS)
  return diagnostics.filter(({ severity }) => severity === 'error')
}
