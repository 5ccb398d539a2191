/**
 * What a plan costs: one document of thousands edited, compiled by a compiler that knows the others, and compared with what is in force.
 * The first plan against a snapshot also finds out whom that speaks of.
 */
import { compareSnapshots, type Comparison } from '../../src/audit/compare.ts'
import type { SourceText } from '../../src/compile/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import type { Run } from '../run.ts'
import { median } from '../statistics.ts'
import { nameOf, newCompiler, policyText, textsFor, type CompileSize } from './compile.ts'

export interface PlanRow extends CompileSize {
  /** What is edited: a policy that names its principals, or the account map, which speaks of everybody. */
  readonly edit: 'policy' | 'account map'
  /** The edit compiled. */
  readonly compileMs: number
  /** Compared, against a snapshot that was not compared before. */
  readonly firstMs: number
  /** Compared again with another edit. */
  readonly againMs: number
  /** Compiled and compared, the first time. */
  readonly planMs: number
  /** Principals for whom something changes. */
  readonly changes: number
}

export const PLAN_SIZES: readonly CompileSize[] = [
  { principals: 1_000, policies: 1_000 },
  { principals: 10_000, policies: 1_000 },
]

type Edit = (texts: readonly SourceText[], round: number) => readonly SourceText[]

export function measurePlans(
  sizes: readonly CompileSize[],
  { rounds, say }: Pick<Run, 'rounds' | 'say'>,
): readonly PlanRow[] {
  return sizes.flatMap((size) => {
    say(`plan: ${size.principals} principals, ${size.policies} policies`)
    const members = Array.from({ length: Math.ceil(size.principals / size.policies) }, (_, i) =>
      nameOf(i * size.policies),
    )
    const editPolicy: Edit = (texts, round) => texts.with(1, policyText(0, members, `changed-${round}`))
    const editMap: Edit = (texts, round) => {
      const [map, ...others] = texts
      if (map === undefined) throw new RangeError('the bench’s policy has no account map')
      return [{ ...map, text: map.text.replace('account: BENCH', `account: BENCH-${round}`) }, ...others]
    }
    return [measureEdit('policy', size, rounds, editPolicy), measureEdit('account map', size, rounds, editMap)]
  })
}

function measureEdit(edit: PlanRow['edit'], size: CompileSize, rounds: number, change: Edit): PlanRow {
  const texts = textsFor(size.principals, size.policies)
  const compile = newCompiler()
  const snapshotOf = (candidate: readonly SourceText[]): Snapshot => {
    const { snapshot, withheld } = compile(candidate)
    if (snapshot === undefined) throw new Error(`the bench’s policy does not compile: ${withheld}`)
    return snapshot
  }
  const seen = { compile: [] as number[], first: [] as number[], again: [] as number[] }
  let changes = 0
  for (let round = 0; round < rounds; round += 1) {
    // Another snapshot each time, so that nothing is known of it.
    const before = snapshotOf(texts)
    const decide = createDecide(sha256Hex)
    const compare = (after: Snapshot): Comparison => compareSnapshots(before, after, [], decide)
    const [one, compileMs] = timed(() => snapshotOf(change(texts, 2 * round)))
    const [comparison, firstMs] = timed(() => compare(one))
    const other = snapshotOf(change(texts, 2 * round + 1))
    const [, againMs] = timed(() => compare(other))
    seen.compile.push(compileMs)
    seen.first.push(firstMs)
    seen.again.push(againMs)
    changes = comparison.changes.length
  }
  const [compileMs, firstMs, againMs] = [median(seen.compile), median(seen.first), median(seen.again)]
  return { ...size, edit, compileMs, firstMs, againMs, planMs: compileMs + firstMs, changes }
}

function timed<T>(run: () => T): readonly [result: T, milliseconds: number] {
  const start = performance.now()
  const result = run()
  return [result, performance.now() - start]
}
