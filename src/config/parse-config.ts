/**
 * The text of `bridge.yaml` -> a configuration, or every mistake in it at once, each with line, column and what was expected.
 * Reads no other file. Environment variables play no part.
 */
import type { Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { crossMistakes } from './checks.ts'
import type { Config } from './config.ts'
import { placeMistake, readYaml, schemaMistakes, valueAt, type Mistake, type SourceObject } from './document.ts'
import { configModeSchema, operatorModeSchema, undeclaredModeSchema } from './schema.ts'
import { secretMistakes, substitutionMistakes, withoutSecrets } from './secrets.ts'
import { configModeConfig, operatorModeConfig, type ResolvePath } from './to-config.ts'

export interface ConfigText {
  /** As messages shall name it. */
  readonly file: string
  readonly text: string
}

export interface ReadConfig {
  readonly config: Config
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[]
}

/** A text that parsed as one YAML document, its diagnostics, and the configuration when none of them is an error. */
export interface ConfigReading {
  readonly object: SourceObject | undefined
  readonly config: Config | undefined
  readonly diagnostics: readonly Diagnostic[]
}

export function parseConfig(source: ConfigText, at: ResolvePath): Result<ReadConfig, readonly Diagnostic[]> {
  const { config, diagnostics } = readConfig(source, at)
  return config === undefined ? err(diagnostics) : ok({ config, diagnostics })
}

export function readConfig(source: ConfigText, at: ResolvePath): ConfigReading {
  const { objects, failures } = readYaml(source)
  const [object] = objects
  if (failures.length > 0) return { object: undefined, config: undefined, diagnostics: failures }
  if (object === undefined || objects.length > 1) {
    const found = object === undefined ? 'is empty' : `holds ${objects.length} documents`
    const message = `the file ${found}, expected one BridgeConfig`
    const diagnostic: Diagnostic = { severity: 'error', code: 'not-one-document', message, file: source.file }
    return { object: undefined, config: undefined, diagnostics: [diagnostic] }
  }
  const { mistakes, config } = judge(object.value, at)
  const diagnostics = [...object.mistakes, ...mistakes].map((mistake) => placeMistake(object, mistake)).sort(byPlace)
  const sound = diagnostics.every(({ severity }) => severity !== 'error')
  return { object, config: sound ? config : undefined, diagnostics }
}

function judge(document: Json, at: ResolvePath): { mistakes: readonly Mistake[]; config?: Config } {
  const shown = withoutSecrets(document)
  const found = [...secretMistakes(document), ...substitutionMistakes(document), ...crossMistakes(shown)]
  const mode = valueAt(document, ['callout', 'mode'])
  if (mode === 'config') {
    const parsed = configModeSchema.safeParse(document)
    if (parsed.success) return { mistakes: found, config: configModeConfig(parsed.data, at) }
    return { mistakes: merge(found, schemaMistakes(configModeSchema, shown, parsed.error.issues)) }
  }
  if (mode === 'operator') {
    const parsed = operatorModeSchema.safeParse(document)
    if (parsed.success) return { mistakes: found, config: operatorModeConfig(parsed.data, at) }
    return { mistakes: merge(found, schemaMistakes(operatorModeSchema, shown, parsed.error.issues)) }
  }
  const parsed = undeclaredModeSchema.safeParse(document)
  if (parsed.success) return { mistakes: found }
  return { mistakes: merge(found, schemaMistakes(undeclaredModeSchema, shown, parsed.error.issues)) }
}

/** What our own checks say of a place is better than what its type says. */
function merge(checked: readonly Mistake[], typed: readonly Mistake[]): Mistake[] {
  const places = new Set(checked.map(({ path }) => JSON.stringify(path)))
  return [...checked, ...typed.filter(({ path }) => !places.has(JSON.stringify(path)))]
}

export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
