/** docs/metrics.md names every metric of the bridge as the registry has it, and its alerts ask for nothing that there is not. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { DecisionRecord } from '../../src/audit/record.ts'
import { REFUSALS } from '../../src/policy/refusal.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/metrics.md'), 'utf8')
const RULES = /```yaml\n([^]*?)```/.exec(PAGE)?.[1] ?? ''

interface Described {
  readonly type: string
  readonly labels: readonly string[]
}

/** Every metric and every label, each with one event. */
async function registered(): Promise<ReadonlyMap<string, Described>> {
  const metrics = createMetrics('1.2.3')
  const record: Pick<DecisionRecord, 'code' | 'durationMs'> = { code: 'ALLOWED', durationMs: 1 }
  metrics.decided(record as DecisionRecord)
  metrics.keysChanged()
  metrics.verdictRecalled('hit')
  metrics.keysFetched('cluster', 'ok')
  metrics.keyUnknown('cluster')
  metrics.questionAsked({ ask: 'why', via: 'http', outcome: 'answered', durationMs: 1 })
  metrics.expose({
    pending: () => 0,
    connectionsReady: () => 1,
    connectionsConfigured: () => 1,
    clockSkew: () => 0,
    logLinesLost: () => 0,
    policyLoadedAt: () => 1,
    policyStale: () => 0,
    policyErrors: () => 0,
    policySources: () => [{ source: 'folders', asOf: 1 }],
    clusterResources: () => [{ resource: 'roles', objects: 1, inStep: true }],
    issuerKeys: () => [{ issuer: 'cluster', usableKeys: 1, ageSeconds: 1 }],
  })
  const text = await metrics.render()
  const found = new Map<string, Described>()
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (nib_\w+) (\w+)$/gm)) {
    const series = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, 'gm')
    const labels = [...text.matchAll(series)].flatMap(([, all = '']) =>
      [...all.matchAll(/(\w+)="/g)].map(([, one = '']) => one),
    )
    found.set(name, { type, labels: [...new Set(labels)].filter((label) => label !== 'le') })
  }
  return found
}

let known: ReadonlyMap<string, Described>
beforeAll(async () => {
  known = await registered()
})

test('docs/metrics.md has a line for every metric, with its type and labels, and for no other', () => {
  const rows = [...PAGE.matchAll(/^\| `(nib_\w+)` +\| (\w+) +\| ([^|]+?) +\|/gm)]
  const page = rows.map(([, name = '', type, labels = '']) => [
    name,
    { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) },
  ])
  const sorted = (entries: readonly (readonly [unknown, unknown])[]): unknown =>
    entries.toSorted(([one], [other]) => String(one).localeCompare(String(other)))
  expect(sorted(page as [string, unknown][])).toEqual(sorted([...known]))
})

test('every code is counted from 0, so that a rate sees the first', async () => {
  const text = await createMetrics('1.2.3').render()
  for (const code of ['ALLOWED', ...Object.keys(REFUSALS)])
    expect(text).toContain(`nib_decisions_total{code="${code}"} 0\n`)
})

describe('the alerts of docs/metrics.md', () => {
  const expressions = (): readonly string[] => {
    const { groups } = parse(RULES) as { groups: { rules: { expr: string }[] }[] }
    return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
  }

  test('are five', () => {
    expect(expressions()).toHaveLength(5)
  })

  test('ask for metrics and labels that there are', () => {
    const asked = [...PAGE.matchAll(/\b(nib_\w+?)(?:_bucket|_sum|_count)?(?:\{(\w+)[^}]*\})?(?=[[)\s`])/g)]
    expect(asked.length).toBeGreaterThan(10)
    for (const [, name = '', label] of asked) {
      expect(known.has(name), name).toBe(true)
      if (label !== undefined) expect(known.get(name)?.labels).toContain(label)
    }
    for (const expr of expressions()) {
      for (const [, by = ''] of expr.matchAll(/\bby \((\w+)\)/g)) {
        expect([...known.values()].flatMap(({ labels }) => [...labels, 'le'])).toContain(by)
      }
    }
  })

  test('ask for codes that there are', () => {
    const codes = [...PAGE.matchAll(/\bcode=~?"([^"]+)"/g)].flatMap(([, pattern = '']) => alternatives(pattern))
    expect(codes.length).toBeGreaterThan(8)
    for (const code of codes) expect(Object.keys(REFUSALS)).toContain(code)
  })
})

/** `A_(B|C)` -> `A_B`, `A_C` */
function alternatives(pattern: string): readonly string[] {
  const [, head = '', inner = pattern] = /^(\w+)\((.*)\)$/.exec(pattern) ?? []
  return inner.split('|').map((one) => `${head}${one}`)
}
