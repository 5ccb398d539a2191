/** The XML that is written is well-formed whatever text comes in, and a reader gets that text back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { junitXml } from '../../src/cli/policy-test/junit.ts'
import type { TestRun } from '../../src/cli/policy-test/test-run.ts'
import { DEFAULT_MESH } from '../../src/istio/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { snapshotOf } from '../support/policy-arbitraries.ts'

const HOSTILE = [
  '<',
  '>',
  '&',
  '"',
  "'",
  ']]>',
  '<!--',
  '&lt;',
  '\n',
  '\t',
  '\r',
  '\0',
  '\u001b[31m',
  '\u0085',
  '\ud800',
  '\uffff',
  '𝄞',
]

const anyText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' })), { maxLength: 8 })
  .map((parts) => parts.join(''))

function runOf(text: string): TestRun {
  const origin = { kind: 'SubjectPolicy', name: text, file: text }
  const result = {
    statement: text,
    principal: text,
    passed: false,
    expected: text,
    found: text,
    note: text,
    reasons: [{ part: 'allow' as const, origin, pattern: text }],
    deciding: [origin],
  }
  return {
    test: { file: text, name: text, policies: [], mesh: DEFAULT_MESH, cases: [] },
    snapshot: snapshotOf({}),
    httpRules: [],
    cases: [{ case: { name: text, line: 1, assertions: [] }, results: [result, { ...result, passed: true }] }],
  }
}

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: (Element | string)[]
}

const TOKEN = /<(\/?)([a-z]+)((?: [a-z]+="[^"<\t\n\r]*")*)(\/?)>|([^<]+)/y

/** Reads the little of XML that is written, and refuses everything else. */
function readXml(text: string): Element {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  expect(text.slice(0, declaration.length)).toBe(declaration)
  const root: Element = { name: '', attributes: {}, children: [] }
  const open = [root]
  for (TOKEN.lastIndex = declaration.length; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(text)
    if (token === null) throw new Error(`no XML: ${JSON.stringify(text.slice(at, at + 40))}`)
    const [, closing, name = '', attributes = '', empty, characters] = token
    const inner = open.at(-1)!
    if (characters !== undefined) inner.children.push(unescape(characters))
    else if (closing === '/') expect(open.pop()!.name).toBe(name)
    else {
      const read = [...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
        key,
        unescape(value),
      ])
      const element: Element = { name, attributes: Object.fromEntries(read), children: [] }
      inner.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  expect(open).toHaveLength(1)
  const [first] = root.children
  if (typeof first !== 'object') throw new Error('no element')
  return first
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

function unescape(text: string): string {
  expect(text).not.toMatch(/&(?!(?:amp|lt|gt|quot|#\d+);)/)
  // The characters that XML 1.0 has; what is outside of them makes a whole document unreadable.
  expect(text).toMatch(/^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u)
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name = '') =>
    code === undefined ? (NAMED[name] ?? '') : String.fromCodePoint(Number(code)),
  )
}

function readable(text: string): string {
  return text.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
}

test('what was said comes out as it was, but for what XML has no character for', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const problem: Diagnostic = { severity: 'error', code: text, message: text, hint: text, file: text }
      const [suite, documents] = readXml(junitXml([runOf(text)], [problem])).children.filter(
        (one) => typeof one === 'object',
      )
      const said = readable(text)
      const failed = suite!.children.find((one) => typeof one === 'object')
      expect(failed!.attributes).toEqual({ classname: said, name: said, file: said, line: '1' })
      expect(failed!.children.filter((one) => typeof one === 'object')).toEqual([
        {
          name: 'failure',
          attributes: { message: `expected ${said}, found ${said}`, type: 'assertion' },
          children: [expect.stringContaining(`expected: ${said}\nfound: ${said}\nallowed by SubjectPolicy ${said}`)],
        },
      ])
      expect(documents!.attributes).toMatchObject({ name: 'documents', errors: '1' })
    }),
    { numRuns: 300 },
  )
})

test('suites count what is in them', () => {
  const report = readXml(junitXml([runOf('a'), runOf('b')], []))
  expect(report).toMatchObject({ name: 'testsuites', attributes: { tests: '4', failures: '2', errors: '0' } })
  const suites = report.children.filter((one) => typeof one === 'object')
  expect(suites.map(({ attributes: { name, tests, failures } }) => [name, tests, failures])).toEqual([
    ['a', '2', '1'],
    ['b', '2', '1'],
  ])
})
