/** What the tests of this room share: options with a real hash, and a spelling of results for golden files. */
import { createHash } from 'node:crypto'
import { compile, type Compilation, type CompileOptions } from '../../src/compile/index.ts'

export const OPTIONS: CompileOptions = {
  trustDomains: { local: 'cluster.local', aliases: [] },
  forbiddenAccounts: ['AUTH'],
  hash: (text) => createHash('sha256').update(text).digest('hex'),
}

export const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

export function compileText(text: string, file = 'policy.yaml'): Compilation {
  return compile([{ file, text }], OPTIONS)
}

export function codesOf({ diagnostics }: Compilation): string[] {
  return diagnostics.map(({ code }) => code)
}

export function errorsOf({ diagnostics }: Compilation): string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
}

/** Patterns as text, so that a person can read a golden file. */
export function spell(compilation: Compilation): string {
  const { withheld = null, diagnostics, snapshot } = compilation
  return `${JSON.stringify({ withheld, diagnostics, model: snapshot?.model ?? null }, patternsAsText, 2)}\n`
}

function patternsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'tokens' in value && 'text' in value ? value.text : value
}
