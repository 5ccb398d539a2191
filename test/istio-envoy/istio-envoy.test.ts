/**
 * The evaluator of Istio's AuthorizationPolicy against the real thing: filters by Istio's own Go packages, in a real Envoy.
 * The same in every run; NIB_PROOF_CASES asks for more, NIB_PROOF_SEED for others. `npm run proof:istio` has more to choose from.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json } from '../../src/lib/json.ts'
import { compileNib, type CompiledNib } from './compiled-nib.ts'
import { EnvoyUnavailable, findEnvoy, HOW_TO_GET_ENVOY } from './envoy-binary.ts'
import { askEvaluator, batchLine } from './evaluator.ts'
import { askEnvoyCases, compare, type AskedCase, type Outcome } from './prove.ts'
import { parseAuthorizationPolicy } from '../../src/istio/index.ts'
import { readAnswers, readSets, readVerdicts } from './record.ts'

const CASES = Number(process.env['NIB_PROOF_CASES'] ?? 2_000)
const SEED = Number(process.env['NIB_PROOF_SEED'] ?? 1)
const LIMIT_MS = 120_000 + CASES * 20
/** Of the cases, at least this part is decided by a rule, and as much by the lack of one: else nothing would be tried. */
const SHARE = 0.1
const SHOWN = 5
/** The quick run takes the sets in turns: so many seeds see all of them. */
const TURNS = CASES > 5_000 ? 1 : 3

/**
 * Where ours is stricter: Istio reads an empty list as none at all, which lets everybody in; on some templates that Istio lets pass, Envoy
 * aborts.
 */
const STRICTER = /\.(?:from|to) is an empty list|Envoy refuses such a template/

async function envoyOrNone(): Promise<string | undefined> {
  try {
    return await findEnvoy()
  } catch (problem) {
    if (!(problem instanceof EnvoyUnavailable) || (process.env['NIB_REQUIRE_PARTS'] ?? '') !== '') throw problem
    console.warn(`skipped, there is no Envoy (${problem.message}): ${HOW_TO_GET_ENVOY}`)
    return undefined
  }
}

const envoy = await envoyOrNone()
let nib: CompiledNib

beforeAll(async () => {
  nib = await compileNib()
})

afterAll(() => nib.remove())

async function judge(asked: readonly AskedCase[]): Promise<Outcome> {
  return compare(asked, await askEvaluator(nib.main, asked))
}

function expectAgreement({ decided, byDecision, disagreements }: Outcome, asked: readonly AskedCase[]): void {
  const shown = disagreements.slice(0, SHOWN).map(({ envoy, ours, ...one }) => ({ envoy, ours, ...batchLine(one) }))
  expect(shown.map((one) => JSON.stringify(one))).toEqual([])
  expect(disagreements).toHaveLength(0)
  expect(decided).toBeGreaterThan(asked.length * 0.95)
  for (const decision of ['allow by a rule', 'deny by a rule', 'deny no-allow-match'])
    expect(byDecision.get(decision) ?? 0, decision).toBeGreaterThan(asked.length * SHARE)
}

describe('the evaluator of AuthorizationPolicy', () => {
  test('gives the answers that a real Envoy gave, decision and rule', { timeout: LIMIT_MS }, async () => {
    const asked = await readAnswers()
    expectAgreement(await judge(asked), asked)
  })

  test.skipIf(envoy === undefined)(
    `gives the answers that a real Envoy gives, for ${CASES} requests of seed ${SEED}`,
    { timeout: LIMIT_MS },
    async () => {
      const sets = (await readSets()).filter((_, index) => index % TURNS === SEED % TURNS)
      const asked = await askEnvoyCases(envoy ?? '', sets, CASES, SEED)
      expectAgreement(await judge(asked), asked)
    },
  )

  test("finds the mistakes that Istio's own validation finds, and two others", async () => {
    const judged = await readVerdicts()
    const wrong = judged.filter(({ set, error }) => {
      const { mistakes } = parseAuthorizationPolicy(set.policies[0] as unknown as Json)
      const found = mistakes.filter(({ severity }) => severity === 'error')
      const isStricter = error === undefined && found.every(({ message }) => STRICTER.test(message))
      return found.length > 0 !== (error !== undefined) && !isStricter
    })
    expect(wrong.slice(0, SHOWN).map((one) => JSON.stringify(one))).toEqual([])
    expect(judged.filter(({ error }) => error !== undefined).length).toBeGreaterThan(judged.length / 2)
  })
})
