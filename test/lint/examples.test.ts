/** Every finding on an example of its own: there in the wrong policy, gone in the right one, and nothing else beside it. */
import { describe, expect, test } from 'vitest'
import { LINT_CODES } from '../../src/compile/index.ts'
import { findText, RULE_TEXTS } from '../../src/lint/index.ts'
import { codesOf, lintText, readExamples } from './support.ts'

const examples = readExamples()

/** Findings that need more than a few lines; `findings.test.ts` makes them. */
const TOO_LARGE: ReadonlySet<string> = new Set(['permissions-near-limit', 'permissions-too-large'])

/** Entries for all codes of the compiler without a text of their own, and the code that stands for them here. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ['not-as-written', 'unknown-field'],
  ['compiler-remark', 'namespace-defaulted'],
])

/** Findings that are right beside it: every subject is also every subject of the system; what is refused was granted in vain. */
const BESIDE: ReadonlyMap<string, readonly string[]> = new Map([
  ['route-custom', ['grant-denied']],
  ['rbac-every-subject', ['reach-inbox', 'reach-jetstream', 'reach-system']],
])

describe('examples', () => {
  test.for(examples)('$code is found where it is, and not where it is mended', ({ code, wrong, right }) => {
    expect(codesOf(lintText(wrong))).toEqual([SHARED.get(code) ?? code, ...(BESIDE.get(code) ?? [])].toSorted())
    expect(codesOf(lintText(right))).toEqual([])
  })

  test.for(examples)('$code names file, line and column', ({ wrong }) => {
    for (const { file, line, column } of lintText(wrong).findings) {
      expect(file).toBe('policy.yaml')
      expect(line).toBeGreaterThan(1)
      expect(column).toBeGreaterThan(0)
    }
  })

  test('exist for every code', () => {
    const codes = RULE_TEXTS.map(({ code }) => code).filter((code) => !TOO_LARGE.has(code))
    expect(examples.map(({ code }) => code)).toEqual(codes.toSorted())
  })
})

describe('the table of rules', () => {
  test('has each code once, and every code that may be waived has a rule', () => {
    const codes = RULE_TEXTS.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(LINT_CODES.filter((code) => findText(code) === undefined)).toEqual([])
    expect([...LINT_CODES].toSorted()).toEqual([...LINT_CODES])
  })

  test('speaks in sentences that fit their place', () => {
    for (const { code, title, why, mend } of RULE_TEXTS) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)+$/)
      expect(title, code).toMatch(/^[^A-Z].*[^.]$|^(ALLOW|DENY|CUSTOM|HTTP|ServiceAccount) .*[^.]$/)
      expect(why, code).toMatch(/^[A-Z`].*\.$/)
      expect(mend, code).toMatch(/^[^A-Z].*[^.]$/)
    }
  })
})
