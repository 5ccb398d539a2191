/**
 * Policy documents of every kind -> one frozen `Snapshot` and diagnostics. Pure: text and a hash function come in.
 * This door lists everything other rooms may use.
 */
export {
  compile,
  createCompiler,
  createStepwiseCompiler,
  type Compilation,
  type Compiler,
  type StepwiseCompiler,
} from './compile.ts'
export type { CompileOptions, Hashing } from './options.ts'
export { policyJsonSchemas } from './kinds/kinds.ts'
export type { RuledRoutes } from './routes/ruled-routes.ts'
export type { SourceText } from './yaml/read-yaml.ts'

// For readers of documents beside the compiler.
export { readAuthorizationPolicies, type LoadedPolicies, type PlacedPolicy } from './authorization-policies.ts'
export { doubleMistake } from './duplicates.ts'
export type { Mistake } from './mistake.ts'
export { placeMistake } from './place-mistake.ts'
export { REACHES, WAIVE_ANNOTATION } from './reach.ts'
export { isList, itemsOf, valueAt, type SourceObject } from './source-object.ts'
export { LINT_CODES, type LintCode } from './waivable.ts'
export { readYaml } from './yaml/read-yaml.ts'
