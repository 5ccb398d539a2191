/** Samples of a route: whatever conditions and patterns can tell apart, one of them stands for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { operationTermTruth, UNKNOWN, type PathMatch } from '../../src/istio/index.ts'
import { samplesOf, type Sample } from '../../src/route/index.ts'
import { covers, matches, type Pattern } from '../../src/subject/index.ts'
import { pattern } from '../support/policy-arbitraries.ts'
import { subjectsOf } from './arbitraries.ts'
import { anyCase, compileCase, policyDocuments } from './case.ts'
import { enforcedOf, operationOf } from './oracle.ts'

const LIMIT = 5000
const somePatterns = fc.subarray(
  ['r.>', 'r.*', 'r.a.>', 'r.*.b', 'r.a.*', 'r.*.*.a', 'r.a.b', 'r.*.a.>', 'r.b.b.b', 'other'].map(pattern),
)

const NOTHING_KNOWN = {
  method: UNKNOWN,
  host: UNKNOWN,
  port: UNKNOWN,
  destinationIp: UNKNOWN,
  sni: UNKNOWN,
  filterMetadata: UNKNOWN,
} as const

function traits(
  path: string,
  subject: Pattern,
  conditions: readonly PathMatch[],
  patterns: readonly Pattern[],
): string {
  const onPath = conditions.map((match) =>
    operationTermTruth({ field: 'path', values: [match], not: false }, { ...NOTHING_KNOWN, path }),
  )
  return [...onPath, ...patterns.map((one) => matches(one, subject))].join()
}

/** The whole ones that hold the subject, without those that hold a narrower one of them. */
function smallestAround(samples: readonly Sample[], subject: Pattern): readonly Sample[] {
  const around = samples.filter(({ within, isWhole }) => isWhole && matches(within, subject))
  return around.filter((one) => !around.some((other) => other !== one && covers(one.within, other.within)))
}

test('a subject is like each of the smallest boxes that hold it', () => {
  fc.assert(
    fc.property(anyCase('exact'), somePatterns, (one, patterns) => {
      const rules = enforcedOf(policyDocuments(one), { app: 'orders' })
      const conditions = [...rules.allow, ...rules.deny, ...rules.custom].flatMap(({ operations }) =>
        operations.flat().flatMap((term) => (term.field === 'path' ? term.values : [])),
      )
      const [ruled] = compileCase(one).routed
      const wrong = (ruled?.written.routes ?? []).flatMap((route, i) => {
        const line = one.routes[i]
        if (ruled === undefined || line === undefined) throw new Error('a route without its line')
        return ruled.operationsOf(route).flatMap((operation) => {
          const { samples, isComplete } = samplesOf(operation, conditions, { patterns, limit: LIMIT })
          expect(isComplete).toBe(true)
          return subjectsOf(line).flatMap((text) => {
            const subject = pattern(text)
            const meant = operationOf(line, text, rules)
            if (meant === undefined || !matches(operation.pattern, subject)) return []
            const own = traits(meant.path, subject, conditions, patterns)
            const around = smallestAround(samples, subject)
            const isLike = around.every(({ path, literal }) => traits(path, literal, conditions, patterns) === own)
            return around.length > 0 && isLike ? [] : [text]
          })
        })
      })
      expect(wrong.slice(0, 5)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('a sample is a subject of the route, and its path the one that it stands for', () => {
  fc.assert(
    fc.property(anyCase('any'), somePatterns, (one, patterns) => {
      const rules = enforcedOf(policyDocuments(one), { app: 'orders' })
      const conditions = [...rules.allow, ...rules.deny].flatMap(({ operations }) =>
        operations.flat().flatMap((term) => (term.field === 'path' ? term.values : [])),
      )
      const [ruled] = compileCase(one).routed
      for (const [i, route] of (ruled?.written.routes ?? []).entries()) {
        const line = one.routes[i]
        if (ruled === undefined || line === undefined) throw new Error('a route without its line')
        for (const operation of ruled.operationsOf(route)) {
          for (const { subject, path, literal, within } of samplesOf(operation, conditions, { patterns, limit: 300 })
            .samples) {
            expect(matches(operation.pattern, literal) && matches(within, literal)).toBe(true)
            expect(operationOf(line, subject, rules)).toEqual({ method: operation.attributes.method, path })
          }
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('half a segment has samples that begin, or end, or do both', () => {
  const route = { routes: [{ subject: 'r.{id}', method: 'GET', path: '/o/{id}' }], granted: [] }
  const [ruled] = compileCase({ ...route, policies: [], port: undefined, whenNoPolicy: 'Deny' }).routed
  const [operation] = ruled?.operationsOf(ruled.written.routes[0] ?? never()) ?? []
  const conditions: PathMatch[] = [
    { is: 'prefix', value: '/o/a' },
    { is: 'suffix', value: 'b' },
    { is: 'prefix', value: '/o/c%3' },
  ]
  const { samples } = samplesOf(operation ?? never(), conditions, { patterns: [], limit: LIMIT })
  const rough = samples.filter(({ isWhole }) => !isWhole)
  expect(rough.every(({ within }) => within.text === 'r.*')).toBe(true)
  const tokens = rough.map(({ subject }) => subject.slice(2))
  expect(tokens.some((token) => token.startsWith('a') && !token.endsWith('b'))).toBe(true)
  expect(tokens.some((token) => token.startsWith('a') && token.endsWith('b'))).toBe(true)
  expect(tokens.some((token) => !/^[ac]/.test(token) && token.endsWith('b'))).toBe(true)
  expect(tokens.some((token) => token.startsWith('c:') || token.startsWith('c;'))).toBe(true)
})

test('what is longer than any condition has a sample of its own', () => {
  const route = { routes: [{ subject: 'r.{rest...}', method: 'GET', path: '/{rest...}' }], granted: [] }
  const [ruled] = compileCase({ ...route, policies: [], port: undefined, whenNoPolicy: 'Deny' }).routed
  const [operation] = ruled?.operationsOf(ruled.written.routes[0] ?? never()) ?? []
  const conditions: PathMatch[] = [{ is: 'template', template: '/{*}', segments: [{ any: 'segment' }] }]
  const { samples } = samplesOf(operation ?? never(), conditions, { patterns: [], limit: LIMIT })
  expect(samples.map(({ within }) => within.text)).toContain('r.*.>')
})

test('more kinds of subjects than the limit are not complete', () => {
  const route = { routes: [{ subject: 'r.{rest...}', method: 'GET', path: '/{rest...}' }], granted: [] }
  const [ruled] = compileCase({ ...route, policies: [], port: undefined, whenNoPolicy: 'Deny' }).routed
  const [operation] = ruled?.operationsOf(ruled.written.routes[0] ?? never()) ?? []
  const conditions = Array.from({ length: 50 }, (_, i): PathMatch => ({ is: 'exact', value: `/a${i}` }))
  expect(samplesOf(operation ?? never(), conditions, { patterns: [], limit: 20 }).isComplete).toBe(false)
  expect(samplesOf(operation ?? never(), conditions, { patterns: [], limit: 200 }).isComplete).toBe(true)
})

function never(): never {
  throw new Error('there is a route')
}
