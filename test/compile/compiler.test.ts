/** A compiler that remembers must answer as one that reads everything for the first time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, createCompiler, type SourceText } from '../../src/compile/index.ts'
import { documents, print } from './arbitraries.ts'
import { OPTIONS } from './support.ts'

const file = fc.constantFrom('x.yaml', 'y.yaml', 'z.yaml')
const text = fc.oneof({ weight: 4, arbitrary: documents.map(print) }, { weight: 1, arbitrary: fc.constant('kind: [') })
const folder = fc.uniqueArray(fc.record({ file, text }), { selector: (source) => source.file })

describe('a compiler', () => {
  test('gives, after any edits, what a fresh one gives', () => {
    fc.assert(
      fc.property(fc.array(folder, { minLength: 1, maxLength: 6 }), (folders) => {
        const compiler = createCompiler(OPTIONS)
        for (const sources of folders) expect(compiler(sources)).toEqual(compile(sources, OPTIONS))
      }),
      { numRuns: 150 },
    )
  })

  test('takes over the rules of a file that did not change, and only those', () => {
    const grant = (name: string, subject: string): SourceText => ({
      file: `${name}.yaml`,
      text: `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: ${name}, namespace: shop }
spec: { principals: [{ namespace: shop }], grants: [{ publish: [${subject}] }] }
`,
    })
    const compiler = createCompiler(OPTIONS)
    const before = compiler([grant('a', 'one'), grant('b', 'two')]).snapshot?.model.grants ?? []
    const after = compiler([grant('a', 'one'), grant('b', 'three')]).snapshot?.model.grants ?? []
    expect(after[0]).toBe(before[0])
    expect(after[1]).not.toBe(before[1])
  })

  test('reads the same text in two files as two', () => {
    const text = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: a, namespace: shop }
spec: { principals: [{ namespace: shop }], grants: [{ publish: [one] }] }
`
    const compiler = createCompiler(OPTIONS)
    const sources = ['x.yaml', 'y.yaml'].map((file) => ({ file, text }))
    expect(compiler(sources)).toEqual(compile(sources, OPTIONS))
    expect(compiler(sources).diagnostics.map(({ code }) => code)).toContain('duplicate-document')
  })
})
