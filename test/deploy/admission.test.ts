/**
 * Admission and compile agree: the real API server takes what compile takes, and refuses what compile refuses in one document alone,
 * but for two lists with reasons. Nothing may be missing from them, and nothing in them may have become untrue.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { customResourceDefinitions } from '../../src/compile/admission/definitions.ts'
import type { StructuralSchema } from '../../src/compile/admission/structural.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { fcRuns } from '../support/fc-runs.ts'
import { describeOnKubernetes, ownKubernetes } from '../support/kubernetes.ts'
import { openAdmission, type Admits } from './support/admission.ts'
import { damaged } from './support/damage.ts'
import { errorsAlone, mistakesAlone, projectDocuments, type WrittenDocument } from './support/documents.ts'
import { MISTAKES } from './support/mistakes.ts'
import { isExplained, PASSES_ADMISSION, TOO_LARGE } from './support/differences.ts'

const documents = projectDocuments()
const good = documents.filter(({ value }) => errorsAlone(value).length === 0)
const broken = documents.filter(({ value }) => errorsAlone(value).length > 0)
const runs = fcRuns(400)

describe('the documents of this project', () => {
  test('are enough, of every kind, to tell something by them', () => {
    for (const kind of ['AccountMap', 'SubjectCeiling', 'SubjectPolicy', 'SubjectRoute']) {
      expect(good.filter((one) => one.kind === kind).length, kind).toBeGreaterThan(5)
    }
    expect(broken.length).toBeGreaterThan(30)
  })
})

describe('the mistakes of which admission is asked', () => {
  test('are those of every rule', () => {
    const untried = rulesOf().filter((message) => !MISTAKES.some(({ says }) => isSaid(message, says)))
    expect(untried).toEqual([])
  })

  test('are such that compile refuses them too, each for one reason', () => {
    expect(MISTAKES.map(({ says, value }) => [says, ...errorsAlone(value)])).toEqual(
      MISTAKES.map(({ says, code }) => [says, code]),
    )
  })
})

describeOnKubernetes('admission', () => {
  let kubernetes: Awaited<ReturnType<typeof ownKubernetes>> | undefined
  let admits: Admits = () => Promise.reject(new Error('not open'))

  beforeAll(async () => {
    kubernetes = await ownKubernetes()
    admits = await openAdmission(kubernetes)
  })
  afterAll(() => kubernetes?.stop())

  /** What is to be said of a document, and nothing when admission and compile agree. */
  async function disagreement(document: WrittenDocument): Promise<string[]> {
    const errors = errorsAlone(document.value)
    const refusal = await admits(document)
    const text = `${document.place} ${JSON.stringify(document.value)}`
    if (errors.length === 0) return refusal === '' ? [] : [`refused: ${refusal}\n${text}`]
    const unexplained = errors.filter((code) => !isExplained(code, document.value))
    return refusal === '' && unexplained.length > 0 ? [`taken, with ${unexplained.join(', ')}: ${text}`] : []
  }

  test('takes every good document of this project', async () => {
    expect((await Promise.all(good.map(disagreement))).flat()).toEqual([])
  })

  test('refuses the broken ones, but for what only compile can know', async () => {
    expect((await Promise.all(broken.map(disagreement))).flat()).toEqual([])
  })

  test('says what is wrong, and where, of each single mistake', async () => {
    const said = await Promise.all(MISTAKES.map(async (one) => [one.says, await admits(one)] as const))
    expect(said.filter(([says, refusal]) => !refusal.includes(says))).toEqual([])
  })

  test(
    `agrees with compile about documents in which something was changed (${runs.said})`,
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(damaged(good), { minLength: 6, maxLength: 6 }), async (some) => {
          expect((await Promise.all(some.map(disagreement))).flat()).toEqual([])
        }),
        { ...runs, numRuns: Math.ceil(runs.numRuns / 6) },
      ),
    runs.timeoutMs,
  )

  for (const { codes, why, kind, value } of PASSES_ADMISSION) {
    test(`cannot know ${why}`, async () => {
      expect(errorsAlone(value)).toEqual(codes)
      expect(codes.filter((code) => !isExplained(code, value))).toEqual([])
      expect(await admits({ kind, value })).toBe('')
    })
  }

  for (const { what, kind, value, says } of TOO_LARGE) {
    test(`takes at most ${what}, where compile takes more`, async () => {
      expect(errorsAlone(value)).toEqual([])
      expect(await admits({ kind, value })).toContain(says)
    })
  }

  test('takes documents as large as its bounds allow: rules may cost that much', async () => {
    const patterns = (grant: number) =>
      Array.from({ length: 128 }, (_, at) => `shop.${grant}.${at}.${'level.'.repeat(8)}>`)
    const principals = Array.from({ length: 64 }, (_, at) => ({ serviceAccount: `shop/a${at}`, namespace: 'shop' }))
    const grants = Array.from({ length: 64 }, (_, at) => ({ publish: patterns(at) }))
    expect(await admits(policy({ principals, grants }))).toBe('')
  })

  test('refuses a field that nobody knows where the client asks for it, and drops it where not', async () => {
    const misspelt = policy({ acton: 'DENY', grants: [{ publish: ['shop.a'] }] })
    expect(await admits(misspelt, 'fieldValidation=Strict')).toContain('unknown field "spec.acton"')
    expect(await admits(misspelt, 'fieldValidation=Warn')).toBe('')
    expect(errorsAlone(misspelt.value)).toEqual(['unknown-field'])
  })

  test('refuses a null, which would else be dropped with the condition that it was to be', async () => {
    const grants = [{ publish: ['shop.a'] }]
    expect(await admits(policy({ action: null, grants }))).toContain('spec.action: Unsupported value: null')
    const open = [{ issuer: 'https://login.example.com', group: null }]
    expect(await admits(policy({ principals: open, grants }))).toContain('a field is null')
    expect(await admits(policy({ grants: [{ subscribe: ['shop.a'], queue: null }] }))).toContain('a field is null')
  })

  test('takes what is waived, by its name alone', async () => {
    const grants = [{ subscribe: ['>'] }]
    const reaching = policy({ grants })
    const waived = (names: string) => ({
      ...reaching,
      value: {
        ...reaching.value,
        metadata: { name: 'one', namespace: 'shop', annotations: { 'nats-identity-bridge.dev/waive': names } },
      },
    })
    expect(await admits(reaching)).toContain('">" reaches the system subjects $SYS.>')
    expect(await admits(waived('reach-system, reach-inbox'))).toContain('">" reaches raw JetStream subjects $JS.>')
    expect(await admits(waived('reach-system, reach-inbox,reach-jetstream'))).toBe('')
    expect(await admits(waived('reach-system, all'))).toContain('unknown waiver "all"')
    expect(await admits(policy({ action: 'DENY', grants }))).toBe('')
  })

  test.each(['$SYS.REQ.>', '_INBOX_x.>', '$JS', '$JS.API.>', '$JSC.a', '$NRG.>', '>', '*.a', '*'])(
    'says of %s where it reaches, and what to do, as compile says it',
    async (text) => {
      const document = policy({ grants: [{ subscribe: [text] }] })
      const refusal = await admits(document)
      // A wildcard reaches everything, and admission tells the first of it.
      const reach = mistakesAlone(document.value).find(({ code }) => refusal.endsWith(`: ${code}`))
      const [, reached] = /(".*)$/.exec(reach?.message ?? '') ?? []
      expect(refusal).toContain(` denied request: ${reached}: ${reach?.hint}`)
    },
  )

  test('lets an object go that it would refuse by now', async () => {
    const api = '/apis/nats-identity-bridge.dev/v1alpha1/subjectceilings'
    const own = kubernetes
    if (own === undefined) throw new Error('not started')
    const name = own.unique('leaving')
    const spec = { principals: [{ namespace: 'shop' }], publish: ['shop.>'], subscribe: [] }
    const body = {
      apiVersion: 'nats-identity-bridge.dev/v1alpha1',
      kind: 'SubjectCeiling',
      metadata: { name, finalizers: ['example.com/wait'] },
      spec,
    }
    expect((await own.call({ method: 'POST', path: api, body })).status).toBe(201)
    expect((await own.call({ method: 'DELETE', path: `${api}/${name}` })).status).toBe(200)
    const merge = 'application/merge-patch+json'
    const reach = { metadata: { finalizers: null }, spec: { publish: ['>'] } }
    expect((await own.call({ method: 'PATCH', path: `${api}/${name}`, contentType: merge, body: reach })).status).toBe(
      200,
    )
  })
})

function policy(spec: JsonObject): WrittenDocument {
  const value = {
    apiVersion: 'nats-identity-bridge.dev/v1alpha1',
    kind: 'SubjectPolicy',
    metadata: { name: 'one', namespace: 'shop' },
    spec: { principals: [{ namespace: 'shop' }], ...spec },
  }
  return { place: 'here', kind: 'SubjectPolicy', value }
}

/** The messages of all rules. */
function rulesOf(): string[] {
  const messagesIn = (schema: StructuralSchema): string[] => [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    ...[schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})].flatMap((inner) =>
      inner === undefined ? [] : messagesIn(inner),
    ),
  ]
  const all = [...customResourceDefinitions().values()]
  return [...new Set(all.flatMap(({ spec }) => messagesIn(spec.versions[0].schema.openAPIV3Schema)))]
}

/** Whether what was said ends with the beginning of the message. */
function isSaid(message: string, says: string): boolean {
  return [...says.matchAll(/: /g)].some(({ index }) => message.startsWith(says.slice(index + 2)))
}
