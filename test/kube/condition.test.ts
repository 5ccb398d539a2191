import { describe, expect, test } from 'vitest'
import { createJudge, statusToWrite } from '../../src/kube/condition.ts'
import { RESOURCES } from '../../src/kube/resources.ts'
import type { StoredObject } from '../../src/kube/store.ts'
import type { Json } from '../../src/lib/json.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0, 123)
const resource = RESOURCES.find(({ kind }) => kind === 'SubjectPolicy')!

function object(status: Json = null, generation = 3): StoredObject {
  const source = { value: {}, mistakes: [], locate: () => undefined }
  const live = { uid: 'u', generation, status }
  return { source, name: 'orders', namespace: 'shop', resourceVersion: '7', live }
}

function diagnostic(more: Partial<Diagnostic>): Diagnostic {
  const where = { kind: 'SubjectPolicy', namespace: 'shop', name: 'orders' }
  return { severity: 'error', code: 'pattern-invalid', message: 'wrong', ...where, ...more }
}

function said(diagnostics: readonly Diagnostic[], isInForce = true): readonly string[] {
  const one = object()
  const judge = createJudge({ diagnostics, inForce: new Set(isInForce ? [one.source] : []) })
  return judge(resource, one).map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`)
}

describe('the conditions of an object', () => {
  test('tell its own mistakes, the first of them as the reason', () => {
    const own = [diagnostic({ hint: 'fix it' }), diagnostic({ severity: 'warning', message: 'odd' })]
    expect(said(own)).toEqual([
      'Compiled False PatternInvalid: wrong (fix it)',
      'Enforced False NotCompiled: the policy in force holds nothing of this document, because it does not compile',
    ])
  })

  test('tell no mistakes of other objects, nor of a file that has a document of its name', () => {
    const others = [
      diagnostic({ namespace: 'other' }),
      diagnostic({ name: 'other' }),
      diagnostic({ kind: 'SubjectRoute' }),
      diagnostic({ file: 'orders.yaml' }),
    ]
    expect(said(others)[0]).toBe('Compiled True Compiled: the document compiles')
  })

  test('tell warnings, and no more than a few', () => {
    const many = Array.from({ length: 9 }, (_, index) => diagnostic({ severity: 'warning', message: `odd ${index}` }))
    expect(said(many)[0]).toBe(
      'Compiled True CompiledWithWarnings: the document compiles; odd 0; odd 1; odd 2; and 6 more',
    )
  })

  test('tell whether the policy in force is made of it', () => {
    expect(said([])[1]).toMatch(/^Enforced True InForce: /)
    expect(said([], false)[1]).toMatch(/^Enforced False LastGoodKept: .* because another document cannot be used$/)
    expect(said([diagnostic({})], false)[1]).toMatch(
      /^Enforced False LastGoodKept: .* because this document cannot be used$/,
    )
  })

  test('stay short, whatever is wrong', () => {
    expect(said([diagnostic({ message: 'x'.repeat(100_000) })])[0]!.length).toBeLessThan(2_100)
  })

  test('have reasons that Kubernetes takes, whatever the code', () => {
    for (const code of ['pattern-invalid', 'v1-thing', 'x', 'more--dashes']) {
      const [, , reason = ''] = said([diagnostic({ code })])[0]!.split(/[ :]/)
      expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    }
  })
})

describe('what is written of them', () => {
  const conditions = createJudge({ diagnostics: [], inForce: new Set() })(resource, object())

  test('is the generation that was read, and since when each holds', () => {
    const status = statusToWrite(object(), conditions, NOW)
    expect(status).toMatchObject({ observedGeneration: 3 })
    expect(
      status?.conditions.map(({ observedGeneration, lastTransitionTime }) => [observedGeneration, lastTransitionTime]),
    ).toEqual([
      [3, '2026-11-21T12:00:00Z'],
      [3, '2026-11-21T12:00:00Z'],
    ])
  })

  test('is nothing when the object has it', () => {
    const written = JSON.parse(JSON.stringify(statusToWrite(object(), conditions, NOW))) as Json
    expect(statusToWrite(object(written), conditions, NOW + 5_000)).toBeUndefined()
    expect(statusToWrite(object(written, 4), conditions, NOW)).toMatchObject({ observedGeneration: 4 })
  })

  test('keeps the time of what did not turn', () => {
    const written = JSON.parse(JSON.stringify(statusToWrite(object(), conditions, NOW))) as Json
    const turned = conditions.map((one) => (one.type === 'Enforced' ? { ...one, status: 'True' as const } : one))
    const times = statusToWrite(object(written), turned, NOW + 5_000)?.conditions.map(
      ({ lastTransitionTime }) => lastTransitionTime,
    )
    expect(times).toEqual(['2026-11-21T12:00:00Z', '2026-11-21T12:00:05Z'])
  })

  test('is written over whatever strange thing stands there', () => {
    for (const strange of [5, 'x', [], { conditions: 5 }, { conditions: [null, 5, {}] }] as Json[]) {
      expect(statusToWrite(object(strange), conditions, NOW)?.conditions).toHaveLength(2)
    }
  })
})
