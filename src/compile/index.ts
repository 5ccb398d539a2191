/**
 * Policy documents of every kind -> one frozen `Snapshot` and diagnostics. Pure: text and a hash function come in.
 * This door lists everything other rooms may use.
 */
export { compile, createCompiler, type Compilation, type Compiler, type CompileOptions } from './compile.ts'
export { policyJsonSchemas } from './kinds/kinds.ts'
export type { SourceText } from './yaml/read-yaml.ts'
