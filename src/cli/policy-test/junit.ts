/**
 * Results as JUnit XML, the form that CI systems read: a suite for each test document, a test case for each assertion. Pure.
 * Whatever text comes in, well-formed XML 1.0 comes out: what XML has no character for becomes U+FFFD.
 */
import type { Diagnostic } from '../../policy/diagnostic.ts'
import { nameOrigin } from '../../policy/origin.ts'
import { partInWords, placeOf } from '../words.ts'
import type { TestResult, TestRun } from './test-run.ts'

type Attributes = Readonly<Record<string, string | number | undefined>>

/** @param problems errors in documents: a suite of their own, as nothing could be asserted. */
export function junitXml(runs: readonly TestRun[], problems: readonly Diagnostic[]): string {
  const broken = problems.map((problem) =>
    element('testcase', { name: placeOf(problem) || problem.code }, [brokenBy(problem)]),
  )
  const suites = [
    ...runs.map(suiteOf),
    ...(broken.length === 0
      ? []
      : [
          element('testsuite', { name: 'documents', tests: broken.length, failures: 0, errors: broken.length }, broken),
        ]),
  ]
  const results = runs.flatMap(resultsOf)
  const counts = {
    tests: results.length + broken.length,
    failures: results.filter(({ passed }) => !passed).length,
    errors: broken.length,
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'nib test', ...counts }, suites)}\n`
}

function resultsOf({ cases }: TestRun): TestResult[] {
  return cases.flatMap(({ results }) => results)
}

function suiteOf(run: TestRun): string {
  const { test, cases } = run
  const results = resultsOf(run)
  const failures = results.filter(({ passed }) => !passed).length
  const suite = test.name ?? test.file
  const testcases = cases.flatMap((one) =>
    one.results.map((result) => {
      const attributes = {
        classname: one.case.name ?? suite,
        name: result.statement,
        file: test.file,
        line: one.case.line,
      }
      return element('testcase', attributes, result.passed ? [] : [failureOf(result)])
    }),
  )
  return element('testsuite', { name: suite, file: test.file, tests: results.length, failures, errors: 0 }, testcases)
}

function failureOf({ expected, found, reasons, note }: TestResult): string {
  const rules = reasons.map(({ part, origin, pattern = '' }) =>
    [partInWords(part), nameOrigin(origin), pattern, placeOf(origin)].filter((word) => word !== '').join(' '),
  )
  const lines = [`expected: ${expected}`, `found: ${found}`, ...rules, ...(note === undefined ? [] : [`note: ${note}`])]
  return element('failure', { message: `expected ${expected}, found ${found}`, type: 'assertion' }, [
    escape(lines.join('\n')),
  ])
}

function brokenBy({ code, message, hint }: Diagnostic): string {
  return element('error', { message, type: code }, hint === undefined ? [] : [escape(`hint: ${hint}`)])
}

/** @param children XML already. */
function element(name: string, attributes: Attributes, children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
  const open = `<${name}${written.join('')}`
  if (children.length === 0) return `${open}/>`
  const content = children.join('\n')
  // Blanks between elements mean nothing to a reader; in text they would.
  return content.startsWith('<') ? `${open}>\n${content}\n</${name}>` : `${open}>${content}</${name}>`
}

/** Everything outside of the production Char of XML 1.0 (section 2.2). */
const NO_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  // A reader would turn them into blanks inside an attribute.
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
])

function escape(text: string): string {
  return text.replaceAll(NO_CHARACTER, '\u{fffd}').replaceAll(/[&<>"\t\n\r]/g, (found) => ENTITIES.get(found) ?? found)
}
