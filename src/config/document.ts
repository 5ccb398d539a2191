/** What configuration shares with policy documents: reading YAML with positions, and naming mistakes. The one door to it. */
export { API_VERSION } from '../compile/kinds/kind.ts'
export { describeValue, listChoices, quote, spellPath, type Mistake, type Path } from '../compile/mistake.ts'
export { schemaMistakes } from '../compile/schema-mistakes.ts'
export { isList, valueAt, valuesAt, type SourceObject } from '../compile/source-object.ts'
export { durationMs, durationSeconds, parseDuration } from '../compile/values/duration.ts'
export { accountName, trustDomainName } from '../compile/values/names.ts'
export { refuse } from '../compile/values/refuse.ts'
export { readYaml } from '../compile/yaml/read-yaml.ts'
