/**
 * Drift, token tuple by token tuple, against an evaluator of HTTP that knows no patterns and the decision that a login gets: for
 * generated routes, policies and grants, it tells of a difference exactly where there is one.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { driftOf } from '../../src/answers/drift/drift.ts'
import type { DriftLine } from '../../src/answers/drift/line.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { permits } from '../../src/policy/effective.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { covers } from '../../src/subject/index.ts'
import { matchesText } from '../policy/reference.ts'
import { subjectsOf, type RouteLine } from '../route/arbitraries.ts'
import { anyCase, callers, compileCase, documentOf, policyDocuments, type Case } from '../route/case.ts'
import { enforcedOf, meaningOf } from '../route/oracle.ts'
import { pattern } from '../support/policy-arbitraries.ts'

const LABELS = { app: 'orders' }
const workloads = callers.filter(({ workload }) => workload !== undefined)

interface Point {
  readonly principal: Principal
  readonly route: RouteLine
  readonly subject: string
  readonly direction: 'less' | 'more' | undefined
}

/** What there is to be told, found without patterns. */
function differences(one: Case): {
  readonly points: readonly Point[]
  readonly lines: readonly DriftLine[]
  readonly complete: boolean
  readonly at: (principal: Principal, subject: string) => readonly Point[]
} {
  const { snapshot, diagnostics, routed } = compileCase(one)
  if (snapshot === undefined) throw new Error('no snapshot')
  const decide = createDecide(sha256Hex)
  const serviceAccounts = workloads.flatMap(({ workload }) => workload?.serviceAccount ?? [])
  const { lines, complete } = driftOf({ snapshot, diagnostics, serviceAccounts, routed }, decide)
  const rules = enforcedOf(policyDocuments(one), LABELS)
  // What Istio itself does where there is no ALLOW policy.
  const document = { ...documentOf(one), whenNoPolicy: 'Allow' as const }
  const subjects = [...new Set(one.routes.flatMap(subjectsOf))]
  const at = (principal: Principal, subject: string): Point[] => {
    const decision = decide(snapshot, principal)
    const meaning = meaningOf(document, rules, principal, subject)
    if (meaning === undefined) return []
    const { route } = meaning
    const may = meaning.verdict === 'allowed'
    const held =
      decision.effect === 'allow' && permits(decision.permissions.filtering, route.caller ?? 'publish', subject)
    return [{ principal, route, subject, direction: may === held ? undefined : may ? 'less' : 'more' }]
  }
  return {
    points: workloads.flatMap((principal) => subjects.flatMap((subject) => at(principal, subject))),
    lines,
    complete,
    at,
  }
}

/** What the lines say of a point; where HTTP depends on what nobody knows, the evaluator has it refuse. */
function told({ principal, route, subject }: Point, lines: readonly DriftLine[], says = mostSpecificSays): string[] {
  const own = lines.filter(
    (line) => line.subject === route.subject && line.principals.includes(principal.name) && says(line, subject),
  )
  return [
    ...new Set(
      own.filter(({ direction, certain }) => direction === 'more' || certain).map(({ direction }) => direction),
    ),
  ]
}

function mostSpecificSays({ subjects, without }: DriftLine, subject: string): boolean {
  const holding = [...subjects, ...without].filter((text) => matchesText(text, subject)).map(pattern)
  return holding.some(
    (one) => subjects.includes(one.text) && !holding.some((other) => other.text !== one.text && covers(one, other)),
  )
}

test('where paths are such that whole tokens can say them, it is exact', () => {
  fc.assert(
    fc.property(anyCase('exact'), (one) => {
      const { points, lines, complete } = differences(one)
      expect(complete).toBe(true)
      const wrong = points.flatMap((point) => {
        const said = told(point, lines).join()
        const { principal, subject, direction = '' } = point
        return said === direction ? [] : [`${principal.name} ${subject}: ${direction}, told ${said}`]
      })
      expect(wrong.slice(0, 5)).toEqual([])
      expect(lines.filter(({ extent }) => extent === 'part')).toEqual([])
    }),
    { numRuns: 40 },
  )
})

test('whatever the paths, no difference goes untold, and each example is one', () => {
  fc.assert(
    fc.property(anyCase('any'), (one) => {
      const { points, lines, complete, at } = differences(one)
      const wrong = lines
        .filter(({ certain, direction }) => certain || direction === 'more')
        .flatMap((line) =>
          workloads
            .filter(({ name }) => line.principals.includes(name))
            .flatMap((principal) => at(principal, line.example.subject))
            .filter((point) => point.route.subject !== line.subject || point.direction !== line.direction),
        )
      expect(wrong.slice(0, 3)).toEqual([])
      if (!complete) return
      const anywhere = ({ extent, subjects }: DriftLine, subject: string): boolean =>
        extent === 'part' && subjects.some((text) => matchesText(text, subject))
      const untold = points
        .filter(({ direction }) => direction !== undefined)
        .filter(
          (point) =>
            !told(point, lines, (line, subject) => anywhere(line, subject) || mostSpecificSays(line, subject)).includes(
              point.direction ?? '',
            ),
        )
      expect(untold.slice(0, 3)).toEqual([])
    }),
    { numRuns: 30 },
  )
})
