/** What holds for every text and every set of documents. */
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile, type Compilation } from '../../src/compile/index.ts'
import type { Model } from '../../src/policy/model.ts'
import { documents, print, yamlish } from './arbitraries.ts'
import { API_VERSION, compileText, errorsOf, OPTIONS } from './support.ts'

const FOLDER = new URL('../golden/compile/', import.meta.url)
const corpus = readdirSync(FOLDER)
  .filter((file) => file.endsWith('-in.yaml'))
  .map((file) => readFileSync(new URL(file, FOLDER), 'utf8'))

function withoutPlaces(model: Model | undefined): unknown {
  return JSON.parse(JSON.stringify(model ?? null, withoutPlace))
}

function withoutPlace(key: string, value: unknown): unknown {
  return key === 'file' || key === 'line' ? undefined : value
}

function expectSound(compilation: Compilation, text: string): void {
  const { snapshot, withheld, diagnostics } = compilation
  expect(snapshot === undefined).toBe(withheld !== undefined)
  if (snapshot === undefined) expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
  const lines = text.split('\n').length
  for (const { line = 1, column = 1, message } of diagnostics) {
    expect(line).toBeGreaterThan(0)
    expect(line).toBeLessThanOrEqual(lines)
    expect(column).toBeGreaterThan(0)
    expect(message.length).toBeLessThan(1000)
    // eslint-disable-next-line no-control-regex
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  }
}

describe('any text', () => {
  test('compiles without throwing, to a snapshot or to a reason why there is none', () => {
    const text = fc.oneof(yamlish, fc.string({ unit: 'binary', maxLength: 200 }), fc.json())
    fc.assert(
      fc.property(text, (text) => expectSound(compileText(text), text)),
      { numRuns: 600 },
    )
  })

  test('made of a valid file by a few edits compiles without throwing', () => {
    const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(12), put: yamlish })
    fc.assert(
      fc.property(fc.constantFrom(...corpus), fc.array(edit, { minLength: 1, maxLength: 3 }), (text, edits) => {
        let edited = text
        for (const { at, drop, put } of edits) {
          const start = Math.floor(at * edited.length)
          edited = edited.slice(0, start) + put.slice(0, 40) + edited.slice(start + drop)
        }
        expectSound(compileText(edited), edited)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a set of documents', () => {
  test('gives the same snapshot in any order, in any files', () => {
    const shuffled = documents.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        fc.array(fc.nat(2), { minLength: list.length, maxLength: list.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([list, other, places]) => {
        const files = ['x.yaml', 'y.yaml', 'z.yaml'].map((file, place) => ({
          file,
          text: print(other.filter((_, index) => places[index] === place)),
        }))
        const one = compileText(print(list)).snapshot
        const two = compile(files, OPTIONS).snapshot
        expect(two?.id).toBe(one?.id)
        expect(withoutPlaces(two?.model)).toEqual(withoutPlaces(one?.model))
      }),
      { numRuns: 100 },
    )
  })

  test('has the id of another exactly when their models are equal', () => {
    const pairs = fc.oneof(
      fc.tuple(documents, documents),
      documents.chain((list) => fc.tuple(fc.constant(list), fc.subarray(list))),
    )
    fc.assert(
      fc.property(pairs, ([one, two]) => {
        const left = compileText(print(one)).snapshot
        const right = compileText(print(two)).snapshot
        expect(left).toBeDefined()
        const equal = JSON.stringify(withoutPlaces(left?.model)) === JSON.stringify(withoutPlaces(right?.model))
        expect(left?.id === right?.id).toBe(equal)
      }),
      { numRuns: 200 },
    )
  })

  test('is not changed by a broken ALLOW beside it', () => {
    const mistake = fc.constantFrom(
      'grants: [{publish: [a..b]}]',
      'grants: [{publsh: [a]}]',
      'grants: [{publish: ["$SYS.>"]}]',
      'grants: a',
      'grnts: []',
      '',
    )
    fc.assert(
      fc.property(documents, mistake, fc.boolean(), (list, mistake, explicit) => {
        const action = explicit ? 'action: ALLOW\n  ' : ''
        const broken = `---\napiVersion: ${API_VERSION}\nkind: SubjectPolicy\nmetadata: {name: broken, namespace: shop}\nspec:\n  ${action}principals: [{namespace: shop}]\n  ${mistake}\n`
        const compilation = compileText(print(list) + broken)
        expect(errorsOf(compilation)).not.toEqual([])
        expect(compilation.snapshot?.id).toBe(compileText(print(list)).snapshot?.id)
      }),
      { numRuns: 100 },
    )
  })

  test('gives no snapshot beside a broken document of any other kind', () => {
    const broken = fc.constantFrom(
      `apiVersion: ${API_VERSION}\nkind: SubjectPolicy\nmetadata: {name: x, namespace: x}\nspec: {action: DENY, principals: [], grants: []}`,
      `apiVersion: ${API_VERSION}\nkind: AccountMap\nmetadata: {name: x}\nspec: {}`,
      `apiVersion: ${API_VERSION}\nkind: SubjectCeiling\nmetadata: {name: x}\nspec: {principals: [{namespace: a}], publish: [a]}`,
      `apiVersion: ${API_VERSION}\nkind: Nobody\nmetadata: {name: x}`,
      'a: b: c',
    )
    fc.assert(
      fc.property(documents, broken, (list, broken) => {
        const compilation = compileText(`${print(list)}---\n${broken}\n`)
        expect(compilation.snapshot).toBeUndefined()
        expect(compilation.withheld).toMatch(/^policy\.yaml:\d+: /)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a DENY', () => {
  const deny = [
    `apiVersion: ${API_VERSION}`,
    'kind: SubjectPolicy',
    'metadata:',
    '  name: no-audit',
    '  namespace: shop',
    'spec:',
    '  action: DENY',
    '  principals:',
    '    - namespace: shop',
    '  grants:',
    '    - publish: [audit.>]',
    '',
  ].join('\n')

  test('is not turned off by the loss of any one character', () => {
    let compiled = 0
    for (let at = 0; at < deny.length; at++) {
      const { snapshot } = compileText(deny.slice(0, at) + deny.slice(at + 1))
      if (snapshot === undefined) continue
      expect(snapshot.model.grants, `without character ${at}`).toMatchObject([{ effect: 'deny' }])
      compiled++
    }
    // In the names, or in what is denied: still a DENY.
    expect(compiled).toBeGreaterThan(10)
  })

  test('is not turned off by the loss of any one line but the one that says DENY', () => {
    const lines = deny.trimEnd().split('\n')
    for (const [index, line] of lines.entries()) {
      if (line.includes('DENY')) continue
      const { snapshot } = compileText(lines.toSpliced(index, 1).join('\n'))
      if (snapshot === undefined) continue
      expect(snapshot.model.grants, `without line ${index + 1}`).toMatchObject([{ effect: 'deny' }])
    }
  })

  test('whose end is missing is not turned off once it has said DENY', () => {
    for (let end = deny.indexOf('DENY') + 'DENY'.length; end < deny.length; end++) {
      const { snapshot } = compileText(deny.slice(0, end))
      if (snapshot === undefined) continue
      expect(snapshot.model.grants, `up to character ${end}`).toMatchObject([{ effect: 'deny' }])
    }
  })
})

test('a snapshot is frozen to its last member', () => {
  const text = readFileSync(new URL('valid-in.yaml', FOLDER), 'utf8')
  const { snapshot } = compileText(text)
  const seen: unknown[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    seen.push(value)
    expect(Object.isFrozen(value)).toBe(true)
    Object.values(value).forEach(visit)
  }
  visit(snapshot)
  expect(seen.length).toBeGreaterThan(50)
})
